using System.Globalization;

namespace CryoBackup.Text;

/// <summary>A number of bytes as people read it, the same in every culture.</summary>
public static class SizeText
{
    private static readonly string[] Units = ["KB", "MB", "GB", "TB", "PB", "EB"];

    /// <summary>A size in steps of 1024.</summary>
    /// <param name="bytes">The size in bytes, not negative.</param>
    /// <returns>For example <c>512 B</c> or <c>1.2 GB</c>.</returns>
    public static string Of(double bytes)
    {
        if (bytes < 1024)
        {
            return string.Create(CultureInfo.InvariantCulture, $"{bytes:0} B");
        }

        double size = bytes / 1024;
        int unit = 0;

        // 1023.96 would be printed as 1024.0.
        for (; size >= 1023.95 && unit < Units.Length - 1; unit++)
        {
            size /= 1024;
        }

        return string.Create(CultureInfo.InvariantCulture, $"{size:0.0} {Units[unit]}");
    }
}
