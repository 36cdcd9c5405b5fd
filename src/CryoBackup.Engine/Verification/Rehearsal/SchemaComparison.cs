using System.Text.RegularExpressions;
using CryoBackup.Archive;
using CryoBackup.Backup;
using CryoBackup.Postgres;
using CryoBackup.Processes;

namespace CryoBackup.Verification.Rehearsal;

/// <summary>Compares definitions, owners and privileges: what pg_dump says of the restored database with what it said of the one that was saved.</summary>
/// <param name="server">Where the restored database is.</param>
/// <param name="withLargeObjects">True to look at the owners and privileges of large objects too.</param>
/// <param name="cancellationToken">Ends pg_dump.</param>
internal sealed partial class SchemaComparison(RehearsalServer server, bool withLargeObjects, CancellationToken cancellationToken)
{
    /// <summary>Dumps the restored database without rows and compares.</summary>
    /// <param name="pgDump">A pg_dump that fits the server.</param>
    /// <returns>One sentence a difference.</returns>
    public List<string> Run(ClientTool pgDump)
    {
        IEnumerable<TocEntry> found = Dump(pgDump).Where(entry => !server.Selection.IsBeyondComparison(entry));
        IEnumerable<TocEntry> expected = server.Selection.Expected;
        if (!server.HasOwners)
        {
            found = found.Where(entry => !TocKinds.IsPrivilege(entry));
        }

        ILookup<(string, string, string), TocEntry> there = found.Where(IsDefinition).ToLookup(KeyOf);
        ILookup<(string, string, string), TocEntry> wanted = expected.Where(IsDefinition).ToLookup(KeyOf);
        var differences = new List<string>();
        foreach (IGrouping<(string, string, string), TocEntry> group in wanted)
        {
            Compare([.. group], [.. there[group.Key]], differences);
        }

        differences.AddRange(there.Where(group => !wanted.Contains(group.Key)).SelectMany(group => group).Select(entry => $"{entry} is not in the backup"));
        return differences;
    }

    private static (string, string, string) KeyOf(TocEntry entry) => (entry.Kind, entry.Schema, entry.Name);

    // Rows, sequence values and large objects have checks of their own.
    private static bool IsDefinition(TocEntry entry) => entry.Section != TocSection.Data && entry.Kind != "MATERIALIZED VIEW DATA";

    private void Compare(List<TocEntry> wanted, List<TocEntry> there, List<string> differences)
    {
        foreach (TocEntry entry in wanted.ToList())
        {
            if (there.FindIndex(candidate => IsSame(entry, candidate)) is >= 0 and var index)
            {
                there.RemoveAt(index);
                wanted.Remove(entry);
            }
        }

        for (int i = 0; i < wanted.Count; i++)
        {
            differences.Add(i < there.Count ? Describe(wanted[i], there[i]) : $"{wanted[i]} is missing");
        }

        differences.AddRange(there.Skip(wanted.Count).Select(entry => $"{entry} is not in the backup"));
    }

    private bool IsSame(TocEntry wanted, TocEntry found) => string.Equals(Normalised(wanted), Normalised(found), StringComparison.Ordinal)
        && (!server.HasOwners || string.Equals(wanted.Owner, found.Owner, StringComparison.Ordinal));

    /// <summary>pg_dump names a policy's roles in the order in which they were once created.</summary>
    private static string Normalised(TocEntry entry) => entry.Kind != "POLICY"
        ? entry.Definition
        : PolicyRoles().Replace(entry.Definition, match => " TO " + string.Join(", ", match.Groups[1].Value.Split(", ").Order(StringComparer.Ordinal)), 1);

    private static string Describe(TocEntry wanted, TocEntry found)
    {
        if (string.Equals(Normalised(wanted), Normalised(found), StringComparison.Ordinal))
        {
            return $"{wanted} belongs to {found.Owner} instead of {wanted.Owner}";
        }

        string[] before = wanted.Definition.Split('\n');
        string[] after = found.Definition.Split('\n');
        int line = 0;
        while (line < before.Length && line < after.Length && string.Equals(before[line], after[line], StringComparison.Ordinal))
        {
            line++;
        }

        string was = line < before.Length ? before[line].Trim() : "";
        string now = line < after.Length ? after[line].Trim() : "";
        return $"{wanted} differs: \"{now}\" instead of \"{was}\"";
    }

    private IReadOnlyList<TocEntry> Dump(ClientTool pgDump)
    {
        using var environment = new LibpqEnvironment(server.Working, server.Application);

        // Without rows there are no large objects to pg_dump, only with those of no table.
        string what = withLargeObjects ? "--exclude-table-data=*.*" : "--schema-only";
        var command = new ToolCommand(pgDump.Path, "-Fc", "-Z0", what, "--no-password", $"--dbname={LibpqEnvironment.ConninfoForDatabase(server.Working.Database)}")
        {
            Environment = environment.Variables,
            ReadsOutput = true,
        };
        using ToolProcess process = ToolProcess.Start(command, cancellationToken);
        IReadOnlyList<TocEntry>? entries = null;
        CryoBackupException? cut = null;
        try
        {
            entries = ArchiveReader.Read(process.StandardOutput, null, null, cancellationToken).Entries;
        }
        catch (CryoBackupException exception)
        {
            // pg_dump's own words say more.
            cut = exception;
        }

        int exitCode = process.WaitForExit(cancellationToken);
        if (exitCode != 0)
        {
            throw DumpDiagnostics.Explain("pg_dump", exitCode, process.StandardErrorTail, CryoBackupError.DumpFailed, server.Working);
        }

        return entries ?? throw cut!;
    }

    [GeneratedRegex(""" TO ((?:"(?:[^"]|"")+"|[^\s",;]+)(?:, (?:"(?:[^"]|"")+"|[^\s",;]+))*)""", RegexOptions.NonBacktracking | RegexOptions.CultureInvariant)]
    private static partial Regex PolicyRoles();
}
