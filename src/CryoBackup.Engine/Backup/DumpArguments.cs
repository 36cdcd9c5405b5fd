using System.Globalization;
using System.Text;
using CryoBackup.Postgres;
using CryoBackup.Processes;

namespace CryoBackup.Backup;

/// <summary>
/// What pg_dump is told, as long as the platform takes it. Where a selection leaves out so many objects that their names are
/// too long for a command line, they stand in a private file (pg_dump 17 and later), or one pattern stands for all names
/// but those that are wanted.
/// </summary>
internal sealed class DumpArguments : IDisposable
{
    // --filter, of which older ones know nothing.
    private const int FirstWithFilter = 17;

    private readonly PrivateFolder? _folder;

    private DumpArguments(IReadOnlyList<string> given, PrivateFolder? folder = null)
    {
        Given = given;
        _folder = folder;
    }

    /// <summary>The arguments.</summary>
    public IReadOnlyList<string> Given { get; }

    /// <summary>Chooses the way.</summary>
    /// <param name="pgDump">pg_dump.</param>
    /// <param name="common">What it is told whatever is selected.</param>
    /// <param name="selection">What is selected.</param>
    /// <param name="database">The database, for the error.</param>
    /// <param name="fits">Whether the platform takes them.</param>
    /// <exception cref="CryoBackupException">ConfigurationInvalid: no way leads to a command that the platform takes.</exception>
    public static DumpArguments For(
        ClientTool pgDump,
        IReadOnlyList<string> common,
        DumpSelection selection,
        string database,
        Func<string, IEnumerable<string>, bool> fits
    )
    {
        foreach (IReadOnlyList<string> selected in (IEnumerable<IReadOnlyList<string>>)[selection.Arguments, selection.FewestArguments()])
        {
            if (fits(pgDump.Path, [.. common, .. selected]))
            {
                return new DumpArguments([.. common, .. selected]);
            }

            if (pgDump.Major >= FirstWithFilter)
            {
                var folder = PrivateFolder.Create("cryobackup-filter-");
                string file = Path.Combine(folder.Path, "filter");
                File.WriteAllLines(file, selection.FilterLines, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
                return new DumpArguments([.. common, $"--filter={file}", .. selection.OtherArguments], folder);
            }
        }

        throw new CryoBackupException(
            CryoBackupError.ConfigurationInvalid,
            string.Create(
                CultureInfo.InvariantCulture,
                $"The selection leaves out {selection.FilterLines.Count} objects of '{database}', whose names pg_dump {pgDump.Major} takes "
                    + $"only as arguments: together they are longer than a command may be here."
            ),
            database,
            "Use the client of PostgreSQL 17 or later, which reads them from a file, or select by schemas, or leave out fewer objects."
        );
    }

    /// <summary>Removes the file.</summary>
    public void Dispose() => _folder?.Dispose();
}
