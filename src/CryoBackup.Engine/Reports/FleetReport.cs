using CryoBackup.Configuration;
using CryoBackup.Storage;

namespace CryoBackup.Reports;

/// <summary>The report of a listing: one row a database, with the age of its backup, of its proof and of its rehearsal.</summary>
public sealed class FleetReport
{
    private readonly ReportFiles _files;
    private readonly List<BackupInfo> _backups = [];
    private readonly HashSet<string> _expected = new(StringComparer.Ordinal);
    private readonly TimeSpan? _maxAge;

    private FleetReport(ReportFiles files, TimeSpan? maxAge) => (_files, _maxAge) = (files, maxAge);

    /// <summary>Opens one, before anything is listed.</summary>
    /// <param name="path">A full path that ends in .json or .html, or an existing folder, which gets both.</param>
    /// <param name="configuration">Says how old a backup may be; null for none.</param>
    /// <returns>The report, in which nothing stands yet.</returns>
    /// <exception cref="CryoBackupException">ConfigurationInvalid: it has another extension; DestinationNotWritable: there is such a file
    /// already.</exception>
    public static FleetReport At(string path, BackupConfiguration? configuration) =>
        new(ReportFiles.At(path, html: true), configuration?.Verification?.MaxAge);

    /// <summary>Takes what was listed.</summary>
    /// <param name="backups">Backups, in any order.</param>
    public void Add(IEnumerable<BackupInfo> backups) => _backups.AddRange(backups);

    /// <summary>Takes databases of which there must be a backup; patterns are passed over.</summary>
    /// <param name="databases">Their names.</param>
    /// <param name="listed">The databases that are listed: names, and patterns with * and ?; empty for all.</param>
    public void Expect(IEnumerable<string> databases, IReadOnlyList<string> listed) =>
        _expected.UnionWith(databases.Where(database => BackupCatalog.IsWanted(database, listed)));

    /// <summary>Writes it.</summary>
    /// <param name="now">The moment of the report, in UTC.</param>
    /// <returns>Full paths of what was written.</returns>
    /// <exception cref="CryoBackupException">DestinationNotWritable or DiskFull.</exception>
    public IReadOnlyList<string> Write(DateTime now)
    {
        IReadOnlyList<FleetRow> rows = FleetRow.Of(_backups, _expected, _maxAge, now);
        return _files.Write(
            "fleet",
            now,
            () => ReportJson.Serialize(FleetDocument.Of(rows, now)),
            () => FleetPage.Write(rows, now, Environment.MachineName)
        );
    }
}
