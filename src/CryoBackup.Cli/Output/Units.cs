using System.Globalization;
using CryoBackup.Text;

namespace CryoBackup.Cli.Output;

/// <summary>Numbers as people read them, the same in every culture.</summary>
internal static class Units
{
    public static string Count(long number) => CountText.Of(number);

    public static string Moment(DateTime time) => time.ToUniversalTime().ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
