using CryoBackup.Postgres;

namespace CryoBackup.Tests.Backup;

/// <summary>Puts a script around the real pg_dump, which the script ends by executing: what comes is always pg_dump's own.</summary>
internal sealed class WrappedPgDump : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string? _before = Environment.GetEnvironmentVariable(ClientTools.FolderVariable);

    /// <summary>Wraps it for every backup until this is disposed of.</summary>
    /// <param name="script">For sh; knows $PG_DUMP and $MARKS, a folder for files that tell the test, and that the test sets.</param>
    public WrappedPgDump(string script)
    {
        string real = ClientTools.Find("pg_dump", 0, CancellationToken.None).Path;
        Directory.CreateDirectory(Marks);
        _folder.WriteProgram("pg_dump", $"""
            PG_DUMP='{real}'
            MARKS='{Marks}'
            if [ "$1" = --version ]; then exec "$PG_DUMP" --version; fi
            {script}
            """);
        Environment.SetEnvironmentVariable(ClientTools.FolderVariable, _folder.Path);
    }

    private string Marks => Path.Combine(_folder.Path, "marks");

    /// <summary>Waits until the script has made a mark.</summary>
    public void WaitFor(string mark)
        => Assert.True(SpinWait.SpinUntil(() => File.Exists(Path.Combine(Marks, mark)), TimeSpan.FromSeconds(60)), $"pg_dump's wrapper has not come to '{mark}'.");

    /// <summary>Makes a mark for the script.</summary>
    public void Set(string mark) => File.WriteAllText(Path.Combine(Marks, mark), "");

    public void Dispose()
    {
        Environment.SetEnvironmentVariable(ClientTools.FolderVariable, _before);
        _folder.Dispose();
    }
}
