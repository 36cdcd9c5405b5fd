using System.Globalization;
using System.IO.Compression;
using System.Text;
using CryoBackup.Archive;
using CryoBackup.Backup;
using CryoBackup.Postgres;
using CryoBackup.Processes;
using CryoBackup.Tests.Archive;
using CryoBackup.Tests.Encryption;

namespace CryoBackup.Tests.Backup;

/// <summary>Several sessions make the archive that pg_dump alone makes: table of contents, rows and large objects, to stock programs
/// too.</summary>
[Collection("postgres")]
public sealed class ParallelDumpTests(PostgresServer server) : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly List<string> _told = [];

    public void Dispose() => _folder.Dispose();

    [PostgresTheory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(8)]
    public void IsTheArchiveOfPgDump(int jobs)
    {
        ArchiveContent stock = ReadBytes(Zoo.Dump(server, "--compress=0"));
        BackupInfo backup = BackUp(Zoo.Database, jobs);
        ArchiveContent content = ReadFile(backup.Path);
        Assert.Equal(stock.Entries.Select(Words), content.Entries.Select(Words));
        Assert.Equal(Rows(stock), Rows(content));
        Assert.Equal(
            (stock.LargeObjectCount, stock.LargeObjectBytes, stock.LargeObjectFingerprint),
            (content.LargeObjectCount, content.LargeObjectBytes, content.LargeObjectFingerprint)
        );
        Assert.Equal(Script(Zoo.Dump(server, "--compress=0")), Script(Unpack(backup.Path)));
        Assert.Equal(jobs > 1 && Shares, WasShared);
    }

    [PostgresTheory]
    [InlineData(1)]
    [InlineData(4)]
    public void StockPgRestoreOpensIt(int restoreJobs)
    {
        Zoo.Create(server);
        string archive = Path.Combine(_folder.Path, "archive");
        File.WriteAllBytes(archive, Unpack(BackUp(Zoo.Database, 8).Path));
        server.CreateDatabase("parallel_restored");
        PgRestore(
            "parallel_restored",
            "--exit-on-error",
            "--no-password",
            "--dbname=parallel_restored",
            string.Create(CultureInfo.InvariantCulture, $"--jobs={restoreJobs}"),
            archive
        );
        ArchiveContent stock = ReadBytes(Zoo.Dump(server, "--compress=0"));
        Assert.Equal(Rows(stock), Rows(ReadBytes(StockDump.ToPipe(server, "parallel_restored", "--compress=0"))));
    }

    /// <summary>Where all that has data are plain tables, no second pg_dump is asked.</summary>
    [PostgresTheory]
    [InlineData(CompressionKind.Gzip)]
    [InlineData(CompressionKind.None)]
    public void OfTablesAlone(CompressionKind compression)
    {
        server.CreateDatabase("parallel_tables");
        server.Execute(
            "parallel_tables",
            """
            CREATE TABLE pages (id int PRIMARY KEY, words text);
            INSERT INTO pages SELECT i, repeat(md5(i::text), 20) FROM generate_series(1, 20000) i;
            DELETE FROM pages WHERE id % 7 = 0 OR id BETWEEN 5000 AND 9000;
            ALTER TABLE pages ADD gone int DEFAULT 3, ADD later int DEFAULT 4;
            ALTER TABLE pages DROP gone;
            CREATE TABLE beside (id int, words text);
            ALTER TABLE beside ALTER words SET STORAGE EXTERNAL;
            INSERT INTO beside SELECT i, repeat(md5(i::text), 30000) FROM generate_series(1, 12) i;
            CREATE TABLE none (id int REFERENCES pages);
            CREATE SEQUENCE counter; SELECT nextval('counter');
            """
        );
        BackupInfo backup = BackUp("parallel_tables", 3, compression);
        Assert.Equal(Shares, _told.Exists(text => text.EndsWith("pg_dump wrote 0 blocks.", StringComparison.Ordinal)));
        byte[] stock = StockDump.ToPipe(server, "parallel_tables", "--compress=0");
        Assert.Equal(Rows(ReadBytes(stock)), Rows(ReadFile(backup.Path)));
        Assert.Equal(Script(stock), Script(Unpack(backup.Path)));
    }

    /// <summary>The end of a piece is found wherever it falls between two blocks.</summary>
    [PostgresFact]
    public void WhereverAPieceEnds()
    {
        server.CreateDatabase("parallel_ends");
        server.Execute(
            "parallel_ends",
            string.Concat(
                Enumerable
                    .Range(-6, 13)
                    .SelectMany(more => new[] { RowQueue.BlockSize + more, (2 * RowQueue.BlockSize) + more })
                    .Select(length =>
                        string.Create(CultureInfo.InvariantCulture, $"CREATE TABLE t{length} AS SELECT repeat('x', {length - 1}) AS word; ")
                    )
            )
        );
        BackupInfo backup = BackUp("parallel_ends", 2);
        Assert.Equal(Shares, WasShared);
        Assert.Equal(Rows(ReadBytes(StockDump.ToPipe(server, "parallel_ends", "--compress=0"))), Rows(ReadFile(backup.Path)));
    }

    [PostgresTheory]
    [InlineData("LATIN1", "latin")]
    [InlineData("SQL_ASCII", "ascii")]
    [InlineData("EUC_JP", "japanese")]
    public void InEveryEncoding(string encoding, string name)
    {
        string database = "parallel_" + name;
        server.CreateDatabase(database, $"ENCODING '{encoding}' LOCALE 'C'");
        string word =
            encoding == "EUC_JP" ? "試料"
            : encoding == "LATIN1" ? "Größe"
            : "size";
        server.Execute(
            database,
            $"""CREATE TABLE plain AS SELECT i, '{word} ' || i AS word FROM generate_series(1, 5000) i; CREATE TABLE "{word}" AS TABLE plain;"""
        );
        BackupInfo backup = BackUp(database, 4);
        Assert.Equal(Shares, WasShared);
        Assert.Equal(Rows(ReadBytes(StockDump.ToPipe(server, database, "--compress=0"))), Rows(ReadFile(backup.Path)));
    }

    [AgeServerFact]
    public void EncryptedAndWithZstd()
    {
        Zoo.Create(server);
        (string identity, string recipient) = KeyPairs.Make(_folder, "age");
        BackupInfo backup = BackUp(Zoo.Database, 4, CompressionKind.Zstd, recipient);
        Assert.Equal(Shares, WasShared);
        VerificationResult result = EncryptedBackup.Test(backup.Path, VerificationLevel.Content, identity);
        Assert.Equal(Verdict.Passed, result.Verdict);
        Assert.Equal(
            Rows(ReadBytes(Zoo.Dump(server, "--compress=0"))).Sum(table => table.Rows),
            result.Tables.Sum(table => table.FoundRows)
        );
    }

    /// <summary>Of few bytes pg_dump alone is as quick.</summary>
    [PostgresFact]
    public void OfASmallDatabaseByPgDumpAlone()
    {
        Zoo.Create(server);
        BackUp(Zoo.Database, new BackupRequest { Jobs = 8 });
        Assert.False(WasShared);
    }

    /// <summary>Who says nothing gets several sessions where large tables have work for them, and none of those that others may need.</summary>
    [PostgresFact]
    public void WhereNobodySaysHowMany()
    {
        server.CreateDatabase("parallel_unasked");
        server.Execute(
            "parallel_unasked",
            """
            CREATE TABLE large AS SELECT i, repeat(md5(i::text), 20) AS words FROM generate_series(1, 20000) i;
            CREATE TABLE small AS SELECT i FROM generate_series(1, 10) i;
            DROP ROLE IF EXISTS parallel_unasked; CREATE ROLE parallel_unasked LOGIN CONNECTION LIMIT 20;
            GRANT SELECT ON large, small TO parallel_unasked;
            """
        );
        bool several = Shares && Environment.ProcessorCount > 1;
        var request = new BackupRequest { LeastShared = 4 << 20, PieceBytes = 1 << 20 };
        BackupInfo backup = BackUp("parallel_unasked", request);
        Assert.Equal(several, WasShared);
        Assert.Equal(Rows(ReadBytes(StockDump.ToPipe(server, "parallel_unasked", "--compress=0"))), Rows(ReadFile(backup.Path)));

        // Work for less than two; and as it is with nothing said at all.
        Assert.False(IsShared(request with { LeastShared = 10 << 20 }));
        Assert.False(IsShared(new BackupRequest()));

        // Of twenty, some are wanted by others; who asks for them gets them.
        ConnectionRequest limited = server.Connection with
        {
            UserName = "parallel_unasked",
        };
        Assert.False(IsShared(request with { Connection = limited }));
        Assert.Equal(Shares, IsShared(request with { Connection = limited, Jobs = 2 }));
        server.Execute("parallel_unasked", "DROP OWNED BY parallel_unasked; DROP ROLE parallel_unasked");

        bool IsShared(BackupRequest asked)
        {
            _told.Clear();
            BackUp("parallel_unasked", asked);
            return WasShared;
        }
    }

    /// <summary>What a role may not see whole is refused as it is without sessions.</summary>
    [PostgresFact(Since = 14)]
    public void RowSecurityIsRefused()
    {
        Zoo.Create(server);
        server.Execute(
            Zoo.Database,
            """
            DROP ROLE IF EXISTS parallel_reader;
            CREATE ROLE parallel_reader LOGIN;
            GRANT pg_read_all_data TO parallel_reader;
            """
        );
        ConnectionRequest connection = server.Connection with { UserName = "parallel_reader" };
        var request = new BackupRequest
        {
            Connection = connection,
            Jobs = 4,
            LeastShared = 0,
        };
        CryoBackupException failure = Assert.Throws<CryoBackupException>(() => BackUp(Zoo.Database, request));
        Assert.Equal(CryoBackupError.RowSecurityActive, failure.Error);
        server.Execute(Zoo.Database, "DROP OWNED BY parallel_reader; DROP ROLE parallel_reader");
    }

    /// <summary>Before 14 a server reads each run of pages by a pass over the whole table.</summary>
    private bool Shares => server.Cluster.Major >= 14 && !OperatingSystem.IsWindows();

    private bool WasShared => _told.Exists(text => text.Contains(" sessions read ", StringComparison.Ordinal));

    private BackupInfo BackUp(string database, int jobs, CompressionKind compression = CompressionKind.Gzip, params string[] recipients)
    {
        Zoo.Create(server);
        return BackUp(
            database,
            new BackupRequest
            {
                Jobs = jobs,
                LeastShared = 0,
                PieceBytes = 1 << 15,
                Compression = compression,
                Recipients = recipients,
            }
        );
    }

    private BackupInfo BackUp(string database, BackupRequest request)
    {
        return BackupWriter.Run(
            request with
            {
                Database = database,
                Folder = Path.Combine(_folder.Path, "backups"),
                Connection = request.Connection.UserName is null ? server.Connection : request.Connection,
            },
            message =>
            {
                if (message is VerboseMessage { Text: var text })
                {
                    lock (_told)
                    {
                        _told.Add(text);
                    }
                }
            },
            CancellationToken.None
        );
    }

    private void PgRestore(string database, params string[] arguments)
    {
        using var environment = new LibpqEnvironment(server.Endpoint.WithDatabase(database), "CryoBackup tests");
        (int exitCode, _, IReadOnlyList<string> errors) = ToolProcess.Run(
            new ToolCommand(ClientTools.Find("pg_restore", 0, CancellationToken.None).Path, arguments)
            {
                Environment = environment.Variables,
            },
            CancellationToken.None
        );
        Assert.True(exitCode == 0, string.Join('\n', errors));
    }

    /// <summary>What stock pg_restore makes of an archive; the words of psql that differ each time are left out.</summary>
    private string Script(byte[] archive)
    {
        string path = Path.Combine(_folder.Path, "script");
        File.WriteAllBytes(path + ".archive", archive);
        PgRestore("postgres", "--file=" + path, path + ".archive");
        return string.Join(
            '\n',
            File.ReadLines(path, Encoding.Latin1)
                .Where(line => line is not ['\\', 'r' or 'u', ..] || !line.Contains("restrict ", StringComparison.Ordinal))
        );
    }

    private byte[] Unpack(string path)
    {
        using FileStream file = File.OpenRead(path);
        using Stream archive = path.EndsWith(".gz", StringComparison.Ordinal) ? new GZipStream(file, CompressionMode.Decompress) : file;
        using var bytes = new MemoryStream();
        archive.CopyTo(bytes);
        return bytes.ToArray();
    }

    private ArchiveContent ReadFile(string path) => ReadBytes(Unpack(path));

    private static ArchiveContent ReadBytes(byte[] archive) =>
        ArchiveReader.Read(new MemoryStream(archive), copyTo: null, onTocRead: null, CancellationToken.None);

    private static (string Name, long Rows, long Bytes, string Fingerprint)[] Rows(ArchiveContent content) =>
        [
            .. content
                .Tables.Select(table => table.ToTableInfo())
                .Select(table => ($"{table.Schema}.{table.Name}", table.Rows, table.Bytes, table.Fingerprint)),
        ];

    private static string Words(TocEntry entry) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{entry.DumpId} {entry.CatalogOid} {entry.Oid} {entry} {entry.Owner} {entry.Tablespace} {entry.Section} {entry.HasData} "
        ) + $"{string.Join(',', entry.Dependencies)} {entry.Definition} {entry.CopyStatement}";
}
