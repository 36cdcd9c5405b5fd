using CryoBackup.Postgres;

namespace CryoBackup.Tests.Backup;

/// <summary>Puts a script around the real pg_dump, which the script ends by executing: what comes is always pg_dump's own.</summary>
internal sealed class WrappedPgDump : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string? _before = Environment.GetEnvironmentVariable(ClientTools.FolderVariable);

    /// <summary>Wraps it for every backup until this is disposed of.</summary>
    /// <param name="script">For sh; knows $PG_DUMP and $MARKS, a folder for files that tell the test, and that the test sets.</param>
    /// <param name="dumpall">As much for pg_dumpall, which it knows as $PG_DUMPALL; null to leave that alone.</param>
    /// <param name="psql">As much for psql, which it knows as $PSQL; null to have none beside pg_dump.</param>
    public WrappedPgDump(string script, string? dumpall = null, string? psql = null)
    {
        Directory.CreateDirectory(Marks);
        Wrap("pg_dump", "PG_DUMP", script);
        if (dumpall is not null)
        {
            Wrap("pg_dumpall", "PG_DUMPALL", dumpall);
        }

        if (psql is not null)
        {
            Wrap("psql", "PSQL", psql);
        }

        Environment.SetEnvironmentVariable(ClientTools.FolderVariable, _folder.Path);
    }

    private string Marks => Path.Combine(_folder.Path, "marks");

    /// <summary>Waits until the script has made a mark.</summary>
    public void WaitFor(string mark) =>
        Assert.True(
            SpinWait.SpinUntil(() => File.Exists(Path.Combine(Marks, mark)), TimeSpan.FromSeconds(60)),
            $"pg_dump's wrapper has not come to '{mark}'."
        );

    /// <summary>Makes a mark for the script.</summary>
    public void Set(string mark) => File.WriteAllText(Path.Combine(Marks, mark), "");

    public void Dispose()
    {
        Environment.SetEnvironmentVariable(ClientTools.FolderVariable, _before);
        _folder.Dispose();
    }

    private void Wrap(string tool, string variable, string script) =>
        _folder.WriteProgram(
            tool,
            $"""
            {variable}='{ClientTools.Find(tool, 0, CancellationToken.None).Path}'
            MARKS='{Marks}'
            if [ "$1" = --version ]; then exec "${variable}" --version; fi
            {script}
            """
        );
}
