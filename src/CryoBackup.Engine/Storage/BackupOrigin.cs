using System.Globalization;

namespace CryoBackup.Storage;

/// <summary>Which database of which server a backup is of, and when it was made.</summary>
/// <param name="Database">The database.</param>
/// <param name="Identifier">The server's system identifier; empty where it is not recorded.</param>
/// <param name="Host">The server's host name; empty where it is not known.</param>
/// <param name="Port">The server's port.</param>
/// <param name="Start">When the backup began, in UTC.</param>
/// <param name="IsPartial">True if it holds only a selection of the database.</param>
internal sealed record BackupOrigin(string Database, string Identifier, string Host, int Port, DateTime Start, bool IsPartial)
{
    /// <summary>That of a backup.</summary>
    /// <param name="backup">The backup.</param>
    public static BackupOrigin Of(BackupInfo backup) =>
        new(backup.Database, backup.SystemIdentifier, backup.ComputerName, backup.Port, backup.Start, backup.Partial);

    /// <summary>
    /// The newest backup of each database of each server, a whole one where there is any. System identifiers tell servers apart, for every
    /// server is localhost on its own machine; a backup without one counts as a namesake's where that has a newer one.
    /// </summary>
    /// <param name="all">Backups with their origins.</param>
    /// <returns>Newest first.</returns>
    public static IReadOnlyList<T> Latest<T>(IEnumerable<(T Backup, BackupOrigin Origin)> all)
    {
        (T Backup, BackupOrigin Origin)[] newestFirst = [.. all.OrderByDescending(one => one.Origin.Start)];
        ILookup<string, BackupOrigin> known = newestFirst
            .Select(one => one.Origin)
            .Where(origin => origin.Identifier.Length > 0)
            .ToLookup(origin => origin.Database, StringComparer.Ordinal);
        return
        [
            .. newestFirst
                .OrderBy(one => one.Origin.IsPartial)
                .DistinctBy(one => (one.Origin.Database, one.Origin.Server(known[one.Origin.Database])))
                .OrderByDescending(one => one.Origin.Start)
                .Select(one => one.Backup),
        ];
    }

    /// <summary>The server in words.</summary>
    public override string ToString() =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{(Host.Length == 0 ? "an unknown server" : $"{Host}:{Port}")} "
                + $"({(Identifier.Length == 0 ? "system identifier not recorded" : $"system identifier {Identifier}")}), "
                + $"newest of {Start:yyyy-MM-dd HH:mm:ss}Z"
        );

    private string Server(IEnumerable<BackupOrigin> known)
    {
        if (Identifier.Length > 0)
        {
            return Identifier;
        }

        string[] namesakes =
        [
            .. known
                .Where(other =>
                    other.Start >= Start
                    && (Host.Length == 0 || (other.Port == Port && string.Equals(other.Host, Host, StringComparison.OrdinalIgnoreCase)))
                )
                .Select(other => other.Identifier)
                .Distinct(StringComparer.Ordinal),
        ];
        return namesakes is [var first, ..] ? first : string.Create(CultureInfo.InvariantCulture, $"{Host.ToLowerInvariant()}:{Port}");
    }
}
