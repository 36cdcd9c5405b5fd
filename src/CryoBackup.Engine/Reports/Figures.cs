using System.Globalization;
using CryoBackup.Text;

namespace CryoBackup.Reports;

/// <summary>Numbers and times for people, the same in every culture.</summary>
internal static class Figures
{
    /// <summary>A number with its thousands set apart.</summary>
    /// <param name="number">The number.</param>
    public static string Count(double number) => CountText.Of(number);

    /// <summary>A moment, for example <c>2026-01-31 23:59:00 UTC</c>.</summary>
    /// <param name="moment">In UTC.</param>
    public static string Moment(DateTime moment) => moment.ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture);
}
