using System.Globalization;

namespace CryoBackup.Text;

/// <summary>A number of things as people read it, the same in every culture.</summary>
public static class CountText
{
    /// <summary>A number with its thousands set apart.</summary>
    /// <param name="number">The number; what is behind its point is rounded away.</param>
    /// <returns>For example <c>1,234,567</c>.</returns>
    public static string Of(double number) => number.ToString("N0", CultureInfo.InvariantCulture);
}
