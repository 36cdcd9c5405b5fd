using System.Formats.Tar;
using System.Text;
using CryoBackup.Postgres;
using CryoBackup.Postgres.Scratch;
using CryoBackup.Processes;
using Npgsql;

namespace CryoBackup.Tests.Postgres;

[Trait("Runs", "Once")]
public sealed class ScratchTemplatesTests : IDisposable
{
    private const string Key = "a kind";

    private readonly TemporaryFolder _folder = new();

    private string Kept => Path.Combine(_folder.Path, "kept");

    private string Data => Path.Combine(_folder.Path, "data");

    public void Dispose() => _folder.Dispose();

    [PostgresFact]
    public void ASecondServerIsACopyOfTheFirstWithAPasswordOfItsOwn()
    {
        ScratchClusterOptions options = Asking();
        ConnectionRequest first = Start(options, out string file);
        byte[] content = File.ReadAllBytes(file);
        using var second = ScratchCluster.Start(options, CancellationToken.None);
        Assert.Equal(first.UserName, second.Connection.UserName);
        Assert.StartsWith("cryobackup_", first.UserName, StringComparison.Ordinal);
        Assert.NotEqual(first.Password, second.Connection.Password);
        Assert.Equal(content, File.ReadAllBytes(file));
        second.Connection = second.Connection with { Password = first.Password };
        PostgresException refused = Assert.Throws<PostgresException>(() => Ask(second, "SELECT 1"));
        Assert.Equal("28P01", refused.SqlState);
    }

    [PostgresFact]
    public void TheCopyServesAsTheServerOfInitdbDoes()
    {
        ScratchClusterOptions options = Trusting();
        string[] questions =
        [
            "SELECT string_agg(concat_ws(' ', datname, datcollate, encoding, datistemplate), ',' ORDER BY datname) FROM pg_database",
            "SELECT string_agg(name || setting, ',' ORDER BY name) FROM pg_settings WHERE name NOT LIKE '%director%' "
                + "AND name NOT IN ('data_directory', 'config_file', 'hba_file', 'ident_file', 'port')",
            "SELECT count(*)::text FROM pg_collation",
        ];
        string?[] made;
        using (var cluster = ScratchCluster.Start(options, CancellationToken.None))
        {
            made = [.. questions.Select(question => Ask(cluster, question))];
        }

        using var copy = ScratchCluster.Start(options, CancellationToken.None);
        Assert.Equal(made, questions.Select(question => Ask(copy, question)));
        Assert.Equal("postgres", copy.Connection.UserName);
        Assert.Single(Directory.GetFiles(Kept));
    }

    [PostgresFact]
    public void WhatIsDamagedIsMadeAnew()
    {
        ScratchClusterOptions options = Asking();
        ConnectionRequest first = Start(options, out string file);
        byte[] content = File.ReadAllBytes(file);
        content[content.Length / 2] ^= 1;
        File.WriteAllBytes(file, content);
        ConnectionRequest second = Start(options, out _);
        Assert.NotEqual(first.UserName, second.UserName);
        Assert.Equal(second.UserName, Start(options, out _).UserName);
    }

    [PostgresFact]
    public void OneWhoseServerDoesNotStartIsMadeAnew()
    {
        ScratchClusterOptions options = Trusting();
        var messages = new List<string>();
        Start(options, out string file);
        string key = ReadKey(file);
        new ScratchTemplates(Kept).TryAdd(key, new ScratchLogin("postgres", ""), archive => Pack(archive, ("PG_VERSION", "7")));
        options = options with { Observer = message => messages.Add(message.ToString()) };
        using (var cluster = ScratchCluster.Start(options, CancellationToken.None))
        {
            Assert.Equal("1", Ask(cluster, "SELECT 1::text"));
        }

        Assert.Contains(messages, message => message.Contains("made anew", StringComparison.Ordinal));
        messages.Clear();
        Start(options, out _);
        Assert.DoesNotContain(messages, message => message.Contains("made anew", StringComparison.Ordinal));
    }

    [PostgresFact]
    public void SeveralAtOnceShareOne()
    {
        ScratchClusterOptions options = Asking();
        var clusters = new ScratchCluster[3];
        Parallel.For(0, clusters.Length, number => clusters[number] = ScratchCluster.Start(options, CancellationToken.None));
        try
        {
            Assert.All(clusters, cluster => Assert.Equal("1", Ask(cluster, "SELECT 1::text")));
            Assert.Single(Directory.GetFiles(Kept));
        }
        finally
        {
            Array.ForEach(clusters, static cluster => cluster.Dispose());
        }
    }

    [PostgresFact]
    public void WhatIsAskedOfInitdbIsNotKept()
    {
        ScratchCluster.Start(Trusting() with { InitdbArguments = ["--locale=C"] }, CancellationToken.None).Dispose();
        Assert.False(Directory.Exists(Kept));
    }

    [Fact]
    public void EveryByteCounts()
    {
        ScratchTemplates templates = Add(("PG_VERSION", "15"), ("base/1/112", "rows"));
        string file = Assert.Single(Directory.GetFiles(Kept));
        byte[] content = File.ReadAllBytes(file);
        Assert.Equal(new ScratchLogin("me", "secret"), templates.TryUnpack(Key, Data, CancellationToken.None));
        Assert.Equal("rows", File.ReadAllText(Path.Combine(Data, "base", "1", "112")));
        Directory.Delete(Data, recursive: true);
        for (int place = 0; place < content.Length; place += 7)
        {
            AssertRefused(templates, file, [.. content.Select((value, at) => at == place ? (byte)(value ^ 4) : value)]);
            AssertRefused(templates, file, content[..place]);
        }

        AssertRefused(templates, file, [.. content, 0]);
        File.WriteAllBytes(file, content);
        Assert.Null(templates.TryUnpack("another kind", Data, CancellationToken.None));
        Assert.NotNull(templates.TryUnpack(Key, Data, CancellationToken.None));
    }

    [Fact]
    public void ZerosComeBackWhereverTheyLie()
    {
        byte[] log = new byte[400_000];
        log[0] = log[200_000] = 1;
        ScratchTemplates templates = Add(("log", Encoding.Latin1.GetString(log)), ("empty", ""));
        Assert.NotNull(templates.TryUnpack(Key, Data, CancellationToken.None));
        Assert.Equal(log, File.ReadAllBytes(Path.Combine(Data, "log")));
        Assert.Empty(File.ReadAllBytes(Path.Combine(Data, "empty")));
    }

    [Theory]
    [InlineData("../outside")]
    [InlineData("base/../../outside")]
    [InlineData("base\\outside")]
    public void WhatLeadsOutOfTheFolderIsRefused(string name)
    {
        ScratchTemplates templates = Add(("PG_VERSION", "15"), (name, "x"));
        Assert.Null(templates.TryUnpack(Key, Data, CancellationToken.None));
        Assert.Equal(["kept"], Directory.GetFileSystemEntries(_folder.Path).Select(Path.GetFileName));
    }

    [UnixFact]
    public void LinksAreRefused()
    {
        var templates = new ScratchTemplates(Kept);
        templates.TryAdd(
            Key,
            new ScratchLogin("me", "secret"),
            archive =>
            {
                using var writer = new TarWriter(archive, leaveOpen: true);
                writer.WriteEntry(new PaxTarEntry(TarEntryType.SymbolicLink, "pg_wal") { LinkName = _folder.Path });
            }
        );
        Assert.Null(templates.TryUnpack(Key, Data, CancellationToken.None));
        Assert.False(Directory.Exists(Data));
    }

    [UnixFact]
    [System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
    public void WhatOthersMayReadOrWriteIsNotUsed()
    {
        ScratchTemplates templates = Add(("PG_VERSION", "15"));
        string file = Assert.Single(Directory.GetFiles(Kept));
        UnixFileMode right = File.GetUnixFileMode(file);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, right);
        foreach (UnixFileMode more in (UnixFileMode[])[UnixFileMode.GroupRead, UnixFileMode.OtherRead, UnixFileMode.OtherWrite])
        {
            File.SetUnixFileMode(file, right | more);
            Assert.Null(templates.TryUnpack(Key, Data, CancellationToken.None));
        }

        File.SetUnixFileMode(file, right);
        File.SetUnixFileMode(Kept, File.GetUnixFileMode(Kept) | UnixFileMode.OtherWrite);
        Assert.Null(templates.TryUnpack(Key, Data, CancellationToken.None));
        templates.TryAdd("another", new ScratchLogin("me", "secret"), archive => Pack(archive, ("PG_VERSION", "15")));
        Assert.Single(Directory.GetFiles(Kept));
        File.SetUnixFileMode(Kept, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        Assert.NotNull(templates.TryUnpack(Key, Data, CancellationToken.None));
    }

    [UnixFact]
    [System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
    public void WhatAnotherAccountOwnsIsNotUsed()
    {
        if (UnixAccount.ForServer() is not { } other)
        {
            return;
        }

        ScratchTemplates templates = Add(("PG_VERSION", "15"));
        other.Own(Assert.Single(Directory.GetFiles(Kept)));
        Assert.Null(templates.TryUnpack(Key, Data, CancellationToken.None));
    }

    [Fact]
    public void WhatIsOldIsNotUsedAndOnlyTheLatestStay()
    {
        ScratchTemplates templates = Add(("PG_VERSION", "15"));
        string file = Assert.Single(Directory.GetFiles(Kept));
        string partial = _folder.Write("kept/died.partial", "x");
        File.SetLastWriteTimeUtc(file, DateTime.UtcNow.AddDays(-31));
        File.SetLastWriteTimeUtc(partial, DateTime.UtcNow.AddDays(-2));
        Assert.Null(templates.TryUnpack(Key, Data, CancellationToken.None));
        for (int number = 0; number < 9; number++)
        {
            templates.TryAdd($"kind {number}", new ScratchLogin("me", ""), archive => Pack(archive, ("PG_VERSION", "15")));
        }

        Assert.Equal(6, Directory.GetFiles(Kept).Length);
        Assert.False(File.Exists(file) || File.Exists(partial));
        Assert.NotNull(templates.TryUnpack("kind 8", Data, CancellationToken.None));
    }

    [Fact]
    public void WithoutAFolderNothingIsKept()
    {
        foreach (string nowhere in (string[])["", _folder.Write("file", "")])
        {
            var templates = new ScratchTemplates(nowhere);
            templates.TryAdd(Key, new ScratchLogin("me", ""), archive => Pack(archive, ("PG_VERSION", "15")));
            Assert.Null(templates.TryUnpack(Key, Data, CancellationToken.None));
        }

        Add();
        new ScratchTemplates(Kept).TryAdd("fails", new ScratchLogin("me", ""), static _ => throw new IOException("full"));
        Assert.Single(Directory.GetFiles(Kept));
    }

    [Fact]
    public void NothingIsLeftOfOneThatWasCancelled()
    {
        ScratchTemplates templates = Add(("PG_VERSION", "15"));
        Assert.Throws<OperationCanceledException>(() => templates.TryUnpack(Key, Data, new CancellationToken(canceled: true)));
        ScratchFolder.Remove(Data, OperatingSystem.IsWindows() ? null : UnixAccount.ForServer()?.Name);
        Assert.False(Directory.Exists(Data));
    }

    private ScratchClusterOptions Trusting() => new() { TemplateFolder = Kept, SharedBuffers = "16MB" };

    private ScratchClusterOptions Asking() => Trusting() with { AsksPassword = true, SuperUser = null };

    private ConnectionRequest Start(ScratchClusterOptions options, out string file)
    {
        using var cluster = ScratchCluster.Start(options, CancellationToken.None);
        Assert.Equal("1", Ask(cluster, "SELECT 1::text"));
        file = Assert.Single(Directory.GetFiles(Kept));
        return cluster.Connection;
    }

    private static string ReadKey(string file)
    {
        using var reader = new BinaryReader(File.OpenRead(file));
        reader.ReadString();
        return reader.ReadString();
    }

    private static string? Ask(ScratchCluster cluster, string question)
    {
        using var connection = new NpgsqlConnection(cluster.Endpoint.ToNpgsql("test").ConnectionString);
        connection.Open();
        using var command = new NpgsqlCommand(question, connection);
        return command.ExecuteScalar() as string;
    }

    private ScratchTemplates Add(params (string Name, string Text)[] files)
    {
        var templates = new ScratchTemplates(Kept);
        templates.TryAdd(Key, new ScratchLogin("me", "secret"), archive => Pack(archive, files));
        return templates;
    }

    private static void Pack(Stream archive, params (string Name, string Text)[] files)
    {
        using var writer = new TarWriter(archive, leaveOpen: true);
        writer.WriteEntry(new PaxTarEntry(TarEntryType.Directory, "base/"));
        writer.WriteEntry(new PaxTarEntry(TarEntryType.Directory, "base/1"));
        foreach ((string name, string text) in files)
        {
            writer.WriteEntry(
                new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(Encoding.Latin1.GetBytes(text)) }
            );
        }
    }

    private void AssertRefused(ScratchTemplates templates, string file, byte[] content)
    {
        File.WriteAllBytes(file, content);
        Assert.Null(templates.TryUnpack(Key, Data, CancellationToken.None));
        Assert.False(Directory.Exists(Data));
    }
}
