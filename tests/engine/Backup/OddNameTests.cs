using System.Text;
using CryoBackup.Backup;
using CryoBackup.Postgres;
using CryoBackup.Restore;
using CryoBackup.Storage;
using CryoBackup.Verification;
using Npgsql;

namespace CryoBackup.Tests.Backup;

/// <summary>Trap M24: every name and every encoding goes through New, Test and Restore, and comes back as it went.</summary>
[Collection("backup")]
public sealed class OddNameTests(PostgresServer server) : IDisposable
{
    private readonly TemporaryFolder _destination = new();

    // One of each kind comes first: those go round as databases, all of them as what is in one.
    private static readonly string[] Odd =
    [
        "postgresql://x",
        "--version",
        "say \"so\"",
        "back\\slash",
        " it's leading",
        "emoji 🧊",
        new string('ü', 31),
        "new\nline",
        "..",
        "$HOME `id` $(id)",
        "dbname=postgres host=nowhere",
        "a=b",
        "-dash",
        "it's",
        "two  spaces ",
        " leading",
        "Größe_ß",
        "日本語",
        new string('n', 63),
        "100%",
        "%41",
        "tab\tcarriage\rreturn",
        ".hidden",
        "CON",
        "com1.x",
        "a/b",
        "*?",
        "<>|:",
        "~",
        "[brackets]",
        "semi;colon",
        "comma,",
        "MiXeD",
        "template",
    ];

    // Once is enough of what does not hang on the runtime.
    public static TheoryData<string> Names { get; } = [.. Odd[..(Thoroughness.OnOlderRuntime ? 3 : Thoroughness.Of(12, Odd.Length))]];

    public void Dispose() => _destination.Dispose();

    [PostgresTheory]
    [MemberData(nameof(Names))]
    public void GoesRound(string name)
    {
        string table = $"{Quote(name)}.{Quote(name)}";
        server.CreateDatabase(name);
        server.Execute(
            name,
            $"""
            CREATE SCHEMA {Quote(name)};
            CREATE TYPE {Quote(name)}.{Quote("type " + Cut(name))} AS ENUM ('a');
            CREATE TABLE {table} ({Quote(name)} text PRIMARY KEY, kind {Quote(name)}.{Quote(
                "type " + Cut(name)
            )} DEFAULT 'a', number serial);
            CREATE INDEX ON {table} (kind, {Quote(name)});
            """
        );
        using (NpgsqlConnection connection = server.Open(name))
        using (var insert = new NpgsqlCommand($"INSERT INTO {table} VALUES ($1)", connection) { Parameters = { new() { Value = name } } })
        {
            insert.ExecuteNonQuery();
        }

        string target = "back " + Cut(name);
        server.Execute("postgres", $"DROP DATABASE IF EXISTS {Quote(target)}");
        (BackupInfo backup, RestoreResult restored) = GoRound(name, target);
        Assert.Equal(name, backup.Database);
        TableInfo saved = Assert.Single(backup.Tables);
        Assert.Equal((name, name, 1), (saved.Schema, saved.Name, saved.Rows));
        Assert.Equal(saved.Fingerprint, Assert.Single(restored.Tables).FoundFingerprint);
        Assert.Equal(name, server.Scalar(target, $"SELECT {Quote(name)} FROM {table}"));
        server.Execute("postgres", $"DROP DATABASE {Quote(target)}; DROP DATABASE {Quote(name)}");
    }

    [PostgresFact]
    public void GoRoundTogether()
    {
        server.CreateDatabase("odd_all");
        server.Execute(
            "odd_all",
            string.Concat(
                Odd.Select(name =>
                    $"""
                        CREATE SCHEMA {Quote(name)};
                        CREATE TYPE {Quote(name)}.{Quote("type " + Cut(name))} AS ENUM ('a');
                        CREATE TABLE {Quote(name)}.{Quote(name)} ({Quote(name)} text PRIMARY KEY, kind {Quote(name)}.{Quote(
                            "type " + Cut(name)
                        )} DEFAULT 'a', number serial);
                        CREATE INDEX ON {Quote(name)}.{Quote(name)} (kind, {Quote(name)});
                        INSERT INTO {Quote(name)}.{Quote(name)} VALUES ('{name.Replace("'", "''", StringComparison.Ordinal)}');
                        """
                )
            )
        );
        (BackupInfo backup, RestoreResult restored) = GoRound("odd_all", "odd_all_back");
        Assert.Equal(Odd.Order(StringComparer.Ordinal), backup.Tables.Select(table => table.Name).Order(StringComparer.Ordinal));
        Assert.All(restored.Tables, table => Assert.True(table is { Matches: true, FoundRows: 1 }, table.Name));
    }

    /// <summary>A name is left out or taken by exactly itself, whatever it means to pg_dump's patterns.</summary>
    [PostgresFact]
    public void AreSelectedExactly()
    {
        server.CreateDatabase("odd_selection");
        server.Execute(
            "odd_selection",
            string.Concat(
                Odd.Select(name =>
                    $"CREATE SCHEMA {Quote(name)}; CREATE TABLE {Quote(name)}.{Quote(name)} (); CREATE TABLE {Quote(name)}.other ();"
                )
            )
        );
        foreach (string name in Odd.Where(name => name.AsSpan().IndexOfAny("\"\\$.[(|':% ") >= 0).Take(Thoroughness.Of(6, Odd.Length)))
        {
            BackupInfo backup = BackupWriter.Run(
                Requests.Backup(server.Connection, "odd_selection", _destination.Path) with
                {
                    IncludeTable = [name],
                },
                _ => { },
                CancellationToken.None
            );
            TableInfo table = Assert.Single(backup.Tables);
            Assert.Equal((name, name), (table.Schema, table.Name));
        }
    }

    [PostgresFact]
    public void DifferentNamesHaveDifferentFiles()
    {
        string[] names = [.. Odd, "mixed", "a%2Fb", "a%2fb", "_", "__", "100%25", "con", "CON ", "e\u0301", "\u00e9"];
        Assert.Equal(names.Length, names.Select(BackupFileName.Encode).Distinct(StringComparer.Ordinal).Count());
        Assert.All(
            names.Select(BackupFileName.Encode),
            name =>
                Assert.DoesNotContain(name, letter => "/\\:*?\"<>|".Contains(letter, StringComparison.Ordinal) || char.IsControl(letter))
        );
    }

    /// <summary>Bytes of any encoding, in names and in rows, of tables and of types.</summary>
    [PostgresFact]
    public async Task SqlAscii()
    {
        server.CreateDatabase("bytes", "ENCODING 'SQL_ASCII' LOCALE 'C'");
        using (
            NpgsqlConnection connection = await ServerConnection.OpenAsync(
                server.Endpoint.WithDatabase("bytes"),
                "CryoBackup tests",
                "SQL_ASCII",
                CancellationToken.None
            )
        )
        {
            // Latin-1 text goes byte by byte: é as one byte that is no UTF-8, and 日 as the three bytes of its UTF-8.
            using var command = new NpgsqlCommand(
                $"""
                SET search_path TO DEFAULT;
                CREATE TYPE "état" AS ENUM ('né');
                CREATE TABLE "café" ("crème" text, kind "état" DEFAULT 'né', "numéro" serial);
                INSERT INTO "café" ("crème") SELECT convert_from('\x{Convert.ToHexString(
                    Enumerable.Range(1, 255).Select(value => (byte)value).ToArray()
                )}', 'SQL_ASCII') FROM generate_series(1, 3);
                CREATE TABLE "{Encoding.Latin1.GetString(Encoding.UTF8.GetBytes("日本"))}" AS SELECT 1 AS id;
                """,
                connection
            );
            command.ExecuteNonQuery();
        }

        (BackupInfo backup, RestoreResult restored) = GoRound("bytes", "bytes_back");
        Assert.Equal([3L, 1L], restored.Tables.Select(table => table.FoundRows!.Value).OrderDescending());
        Assert.Equal(4, backup.RowCount);
        Assert.Equal("SQL_ASCII", server.Scalar("bytes_back", "SELECT current_setting('server_encoding')"));

        // A table that is there already is told, though its name cannot be read.
        CryoBackupException failure = Assert.Throws<CryoBackupException>(() =>
            BackupRestorer.Run(Requests.Restore(server.Connection, backup.Path, "bytes_back"), _ => { }, CancellationToken.None)
        );
        Assert.Equal(CryoBackupError.DatabaseNotEmpty, failure.Error);
    }

    [PostgresTheory]
    [InlineData("LATIN1", "café", "crème brûlée à 5 £")]
    [InlineData("LATIN9", "prix", "100 €")]
    [InlineData("EUC_JP", "表", "日本語のテキスト")]
    [InlineData("WIN1251", "таблица", "русский текст")]
    public void OtherEncodings(string encoding, string name, string text)
    {
        string database = "in_" + encoding.ToLowerInvariant();
        server.CreateDatabase(database, $"ENCODING '{encoding}' LOCALE 'C'");
        server.Execute(
            database,
            $"CREATE TABLE {Quote(name)} ({Quote(name)} text); INSERT INTO {Quote(name)} VALUES ('{text}'); "
                + "CREATE TABLE other AS SELECT 1 AS id"
        );
        (BackupInfo backup, RestoreResult restored) = GoRound(database, database + "_back");
        Assert.Contains(backup.Tables, table => table.Name == name);
        Assert.All(restored.Tables, table => Assert.True(table.Matches));
        Assert.Equal(encoding, server.Scalar(database + "_back", "SELECT current_setting('server_encoding')"));
        Assert.Equal(text, server.Scalar(database + "_back", $"SELECT {Quote(name)} FROM {Quote(name)}"));

        // pg_dump takes its arguments in the encoding of its session, not in ours.
        BackupInfo selected = BackupWriter.Run(
            Requests.Backup(server.Connection, database, _destination.Path) with
            {
                ExcludeTable = [name],
            },
            _ => { },
            CancellationToken.None
        );
        Assert.Equal("other", Assert.Single(selected.Tables).Name);
    }

    [PostgresFact]
    public void NamesThatOnlyTheirLettersTellApart()
    {
        server.CreateDatabase("alike", "ENCODING 'LATIN1' LOCALE 'C'");
        server.Execute("alike", "CREATE TABLE \"café\" (); CREATE TABLE cafe (); CREATE TABLE \"thé\" ()");
        BackupRequest request = Requests.Backup(server.Connection, "alike", _destination.Path) with { ExcludeTable = ["café"] };
        CryoBackupException failure = Assert.Throws<CryoBackupException>(() => BackupWriter.Run(request, _ => { }, CancellationToken.None));
        Assert.Equal(CryoBackupError.ConfigurationInvalid, failure.Error);
        Assert.Contains("public.\"café\" cannot be left out alone", failure.Message, StringComparison.Ordinal);

        request = request with { ExcludeTable = ["cafe", "thé"] };
        Assert.Equal("café", Assert.Single(BackupWriter.Run(request, _ => { }, CancellationToken.None).Tables).Name);
    }

    private (BackupInfo Backup, RestoreResult Restored) GoRound(string database, string target)
    {
        BackupInfo backup = BackupWriter.Run(
            Requests.Backup(server.Connection, database, _destination.Path),
            _ => { },
            CancellationToken.None
        );
        VerificationResult verified = BackupVerifier.Run(new VerificationRequest { Path = backup.Path }, _ => { }, CancellationToken.None);
        Assert.Equal((Verdict.Passed, database), (verified.Verdict, verified.Database));
        server.Execute("postgres", $"DROP DATABASE IF EXISTS {Quote(target)}");
        RestoreResult restored = BackupRestorer.Run(
            Requests.Restore(server.Connection, backup.Path, target) with
            {
                Create = true,
            },
            _ => { },
            CancellationToken.None
        );
        Assert.Equal(RestoreStatus.Restored, restored.Status);
        return (backup, restored);
    }

    private static string Quote(string name) => PostgresServer.Quote(name);

    /// <summary>So much of a name that a word before it does not make it longer than PostgreSQL keeps.</summary>
    private static string Cut(string name)
    {
        while (Encoding.UTF8.GetByteCount(name) > 50)
        {
            name = name[..^1];
        }

        return name;
    }
}
