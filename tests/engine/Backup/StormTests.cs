using System.Globalization;
using System.Text;
using CryoBackup.Archive;
using CryoBackup.Backup;
using CryoBackup.Verification;
using Npgsql;
using Xunit.Abstractions;

namespace CryoBackup.Tests.Backup;

/// <summary>
/// Backups in a storm of concurrent changes of rows and definitions. Each either proves itself and shows one moment of the database,
/// or fails with a clear reason; none passes with a row too few.
/// </summary>
[Collection("backup")]
[Trait("Runs", "Once")]
public sealed class StormTests(PostgresServer server, ITestOutputHelper output)
{
    private static readonly int Runs = Thoroughness.Of(20, 100);
    private const string Database = "storm";

    [PostgresTheory]
    [InlineData(1)]
    [InlineData(4)]
    [Trait("Speed", "Slow")] // twenty backups in a row, in the midst of changes
    public async Task EachBackupProvesItselfOrFailsWithAReason(int jobs)
    {
        server.CreateDatabase(Database);
        server.Execute(
            Database,
            """
            CREATE TABLE left_rows (id bigserial, words text);
            CREATE TABLE right_rows (id bigserial, words text);
            CREATE TABLE total (rows bigint NOT NULL);
            INSERT INTO total VALUES (0);
            """
        );
        using var destination = new TemporaryFolder();
        using var calm = new CancellationTokenSource();
        Task[] writers =
        [
            Task.Run(() => ChangeRows(1, calm.Token)),
            Task.Run(() => ChangeRows(2, calm.Token)),
            Task.Run(() => ChangeDefinitions(calm.Token)),
        ];

        int proven = 0;
        int withRows = 0;
        var failures = new List<CryoBackupException>();
        try
        {
            for (int run = 0; run < Runs; run++)
            {
                BackupRequest request = Requests.Backup(server.Connection, Database, destination.Path) with
                {
                    LockTimeout = TimeSpan.FromMilliseconds(500),
                    Jobs = jobs,
                    LeastShared = 0,
                    PieceBytes = 1 << 16,
                };
                try
                {
                    BackupInfo info = BackupWriter.Run(request, _ => { }, CancellationToken.None);
                    AssertShowsOneMoment(info);
                    proven++;
                    withRows += info.Tables.Any(table => table is { Name: "left_rows", Rows: > 0 }) ? 1 : 0;
                }
                catch (CryoBackupException exception)
                {
                    failures.Add(exception);
                }

                Assert.All(writers, writer => Assert.False(writer.IsCompleted, writer.Exception?.ToString()));
                foreach (string file in Directory.GetFiles(destination.Path))
                {
                    File.Delete(file);
                }
            }
        }
        finally
        {
            await calm.CancelAsync();
            await Task.WhenAll(writers);
        }

        output.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{proven} of {Runs} backups proved themselves, {withRows} with rows; {failures.Count} failed:"
            )
        );
        foreach (IGrouping<string, CryoBackupException> group in failures.GroupBy(failure => $"{failure.Error}: {failure.Message}"))
        {
            output.WriteLine($"{group.Count()} x {group.Key}");
        }

        Assert.All(
            failures,
            failure => Assert.True(failure.Error is CryoBackupError.DumpFailed or CryoBackupError.LockTimeout, failure.ToString())
        );
        Assert.True(withRows >= Runs / 4, "Too few backups held rows to show anything.");
        await Leftovers.AssertNoneAsync(server, Database);
    }

    /// <summary>Both tables are always changed together, and the third, which is never truncated, says how many rows they have.</summary>
    private static void AssertShowsOneMoment(BackupInfo info)
    {
        VerificationResult verified = BackupVerifier.Run(new VerificationRequest { Path = info.Path }, _ => { }, CancellationToken.None);
        Assert.Equal(Verdict.Passed, verified.Verdict);

        long rows = Assert.Single(info.Tables, table => table.Name == "left_rows").Rows;
        Assert.Equal(rows, Assert.Single(info.Tables, table => table.Name == "right_rows").Rows);
        var total = new TableFingerprint();
        total.Append(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{rows}\n")));
        Assert.Equal(total.Text, Assert.Single(info.Tables, table => table.Name == "total").Fingerprint);
    }

    private void ChangeRows(int seed, CancellationToken cancellationToken)
    {
        var random = new Random(seed);
        using NpgsqlConnection connection = server.Open(Database);
        while (!cancellationToken.IsCancellationRequested)
        {
            int rows = random.Next(1, 20);
            Try(
                connection,
                random.Next(60) switch
                {
                    0 => "BEGIN; LOCK TABLE total IN EXCLUSIVE MODE; UPDATE total SET rows = 0; TRUNCATE left_rows, right_rows; COMMIT",
                    < 8 => "BEGIN; UPDATE left_rows SET words = words || '.' WHERE id % 7 = 0; "
                        + "UPDATE right_rows SET words = words || '.' WHERE id % 7 = 0; COMMIT",
                    < 15 => """
                    BEGIN;
                    LOCK TABLE total IN EXCLUSIVE MODE;
                    UPDATE total SET rows = rows - (SELECT count(*) FROM left_rows WHERE id % 3 = 0);
                    DELETE FROM right_rows WHERE id IN (SELECT id FROM right_rows ORDER BY id LIMIT (SELECT count(*) FROM left_rows WHERE id % 3 = 0));
                    DELETE FROM left_rows WHERE id % 3 = 0;
                    COMMIT
                    """,
                    _ => $"""
                    BEGIN;
                    LOCK TABLE total IN EXCLUSIVE MODE;
                    UPDATE total SET rows = rows + {rows};
                    INSERT INTO left_rows (words) SELECT 'left' FROM generate_series(1, {rows});
                    INSERT INTO right_rows (words) SELECT 'right' FROM generate_series(1, {rows});
                    COMMIT
                    """,
                }
            );
            Thread.Sleep(random.Next(15));
        }
    }

    private void ChangeDefinitions(CancellationToken cancellationToken)
    {
        var random = new Random(3);
        using NpgsqlConnection connection = server.Open(Database);
        for (int i = 0; !cancellationToken.IsCancellationRequested; i++)
        {
            string table = string.Create(CultureInfo.InvariantCulture, $"passing_{random.Next(5)}");
            Try(
                connection,
                random.Next(6) switch
                {
                    0 => $"CREATE TABLE {table} AS SELECT i AS id FROM generate_series(1, 50) AS i",
                    1 => $"DROP TABLE IF EXISTS {table}",
                    2 => $"ALTER TABLE left_rows ADD COLUMN IF NOT EXISTS extra int DEFAULT {i}",
                    3 => "ALTER TABLE left_rows DROP COLUMN IF EXISTS extra",
                    4 => "ALTER TABLE right_rows ALTER COLUMN words TYPE varchar USING words || ''",
                    _ => $"ALTER TABLE IF EXISTS {table} RENAME TO {table}_renamed; DROP TABLE IF EXISTS {table}_renamed",
                }
            );
            Thread.Sleep(random.Next(300));
        }
    }

    /// <summary>The writers stand in each other's way too; what they could not change they leave as it was.</summary>
    private static void Try(NpgsqlConnection connection, string sql)
    {
        try
        {
            using var command = new NpgsqlCommand(sql, connection);
            command.ExecuteNonQuery();
        }
        catch (PostgresException exception)
            when (exception.SqlState
                    is PostgresErrorCodes.DeadlockDetected
                        or PostgresErrorCodes.DuplicateTable
                        or PostgresErrorCodes.UndefinedTable
            )
        {
            using var rollback = new NpgsqlCommand("ROLLBACK", connection);
            rollback.ExecuteNonQuery();
        }
    }
}
