using System.Globalization;

namespace CryoBackup.Postgres;

/// <summary>
/// Whether a PostgreSQL has the fixes without which whoever owns objects in a database can make its restore run commands
/// (CVE-2025-8714, CVE-2025-8715).
/// </summary>
internal static class SecurityFixes
{
    /// <summary>The warning about a version that lacks them.</summary>
    /// <param name="what">What has the version, as the beginning of a sentence: "The server", "pg_dump".</param>
    /// <param name="version">For example 15.18.</param>
    /// <returns>A sentence; null if there is nothing to warn of.</returns>
    public static string? Warning(string what, string version)
    {
        string[] parts = version.Split('.');
        if (!int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out int major))
        {
            // A version before release, such as 18beta1.
            return null;
        }

        int? firstFixed = major switch
        {
            13 => 22,
            14 => 19,
            15 => 14,
            16 => 10,
            17 => 6,
            _ => null,
        };
        if (
            major >= 18
            || (
                parts.Length > 1
                && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out int minor)
                && minor >= firstFixed
            )
        )
        {
            return null;
        }

        string remedy = firstFixed is { } minimum
            ? string.Create(CultureInfo.InvariantCulture, $"update it to {major}.{minimum} or newer")
            : "that version is no longer maintained";
        return $"{what} is PostgreSQL {version}, which lacks the fixes of CVE-2025-8714 and CVE-2025-8715: whoever owns objects in a "
            + $"database can make its restore run commands; {remedy}.";
    }
}
