using CryoBackup.Restore;
using CryoBackup.Tests.Rehearsal;
using CryoBackup.Tests.Restore;
using CryoBackup.Verification;
using Npgsql;

namespace CryoBackup.Tests.Strangers;

/// <summary>How far a stranger came.</summary>
internal enum Step
{
    Stock,
    New,
    Content,
    Rehearsal,
    Plant,
    Create,
    Clean,
    Swap,
    Done,
}

/// <summary>What became of a stranger.</summary>
/// <param name="Step">The step that failed; <see cref="Step.Stock"/> if stock tools do not bring it back, and it does not count.</param>
/// <param name="Says">Why.</param>
internal sealed record Outcome(Step Step, string Says)
{
    public bool IsFault => Step is not (Step.Stock or Step.Done);
}

/// <summary>Takes a stranger through stock tools and then through every verb.</summary>
internal sealed class Trial(ZooServer server, int seed) : IDisposable
{
    private const string Source = "stranger";
    private const string Stock = "stranger_stock";
    private const string Target = "stranger_target";

    private readonly TemporaryFolder _folder = new();

    /// <summary>Where the database is made anew, with what is not of UTF-8.</summary>
    private static readonly string[] Options =
    [
        "ENCODING 'UTF8'",
        "ENCODING 'UTF8'",
        "ENCODING 'UTF8'",
        "ENCODING 'UTF8' LOCALE 'C.UTF-8'",
        "ENCODING 'LATIN1' LOCALE 'C'",
        "ENCODING 'SQL_ASCII' LOCALE 'C'",
        "ENCODING 'WIN1251' LOCALE 'C'",
    ];

    /// <summary>Whether what it is made of needs no superuser.</summary>
    public bool IsOrdinary { get; init; }

    /// <summary>The only verb to try; null for all.</summary>
    public Step? Only { get; init; }

    /// <summary>What is worth a line in the report: refused statements, why a rehearsal was inconclusive, what was planted.</summary>
    public List<string> Notes { get; } = [];

    public void Dispose()
    {
        foreach (string database in (string[])[Source, Stock, Target])
        {
            server.Drop(database);
        }

        _folder.Dispose();
    }

    /// <summary>Tries it.</summary>
    /// <param name="statements">What makes the database; those that the server refuses are left out.</param>
    public Outcome Run(IReadOnlyList<string> statements)
    {
        Load(statements);
        if (RestoreWithStockTools(out string expected) is { } refusal)
        {
            return new Outcome(Step.Stock, refusal);
        }

        Step step = Step.New;
        try
        {
            string backup = server.BackUp(Source);
            foreach (Step next in (Step[])[Step.Content, Step.Rehearsal, Step.Plant, Step.Create, Step.Clean, Step.Swap])
            {
                step = next;
                if ((Only is null || IsNeeded(next)) && Try(next, backup, expected) is { } fault)
                {
                    return new Outcome(next, fault);
                }
            }
        }
        catch (CryoBackupException exception)
        {
            return new Outcome(
                step,
                $"{exception.Error}: {exception.Message} | {exception.Remedy} | {string.Join(" / ", exception.StandardError)}"
            );
        }

        return new Outcome(Step.Done, "");
    }

    private bool IsNeeded(Step step) => step == Only || (step == Step.Create && Only is Step.Clean or Step.Swap);

    private string? Try(Step step, string backup, string expected) =>
        step switch
        {
            Step.Content => Verified(backup),
            Step.Rehearsal => Rehearsed(backup),
            Step.Plant => FindsPlant(backup),
            Step.Create => Restored(backup, expected, static request => request with { Create = true }),
            Step.Clean => Restored(backup, expected, static request => request with { Clean = true }),
            _ => Restored(backup, expected, static request => request with { Swap = true }),
        };

    private void Load(IReadOnlyList<string> statements)
    {
        foreach (string role in Draft.Roles)
        {
            server.Execute("postgres", $"DO $$ BEGIN CREATE ROLE {Words.Quote(role)}; EXCEPTION WHEN duplicate_object THEN END $$");
        }

        server.Drop(Source);
        server.CreateDatabase(Source, Made);
        using NpgsqlConnection connection = server.Open(Source);
        foreach (string statement in statements)
        {
            try
            {
                // In a batch, a statement is not cut at its semicolons.
                using var batch = new NpgsqlBatch(connection)
                {
                    BatchCommands = { new NpgsqlBatchCommand(statement.Replace("DATABASE_NAME", Source, StringComparison.Ordinal)) },
                };
                batch.ExecuteNonQuery();
            }
            catch (PostgresException exception)
            {
                Notes.Add($"refused: {exception.MessageText} in {statement}");
                if (connection.State != System.Data.ConnectionState.Open)
                {
                    // Some errors are no matter of the statement alone: an internal one may cost the session.
                    connection.Open();
                }
            }
        }
    }

    /// <summary>The oracle: a database that stock tools do not bring back is none of ours.</summary>
    /// <param name="dump">What pg_dump says of what came back.</param>
    /// <returns>Why it is not brought back; null if it is.</returns>
    private string? RestoreWithStockTools(out string dump)
    {
        dump = "";
        string archive = Path.Combine(_folder.Path, "stock.dump");
        File.Delete(archive);
        server.Drop(Stock);
        server.CreateDatabase(Stock, Made);
        try
        {
            server.Dump(Source, "-Fc", "-f", archive);
            server.PgRestore(Stock, archive);
            dump = Dump(Stock);
            Notes.Add(dump == Dump(Source) ? "equal" : "stock tools change it");
            return null;
        }
        catch (Xunit.Sdk.XunitException exception)
        {
            return exception.Message;
        }
    }

    private string? Rehearsed(string backup)
    {
        VerificationResult result = Rehearse.Run(backup, request => request with { AllowSuperuser = !IsOrdinary }, isCreated: true);
        if (IsOrdinary && result.Verdict == Verdict.Inconclusive && IsOfSuperusers(result))
        {
            Notes.Add($"needs a superuser: {result.Reason}");
            result = Rehearse.Run(backup, static request => request with { AllowSuperuser = true }, isCreated: true);
        }

        return Judge(result, Verdict.Passed);
    }

    private static bool IsOfSuperusers(VerificationResult result) =>
        result.Remedy?.Contains("-AllowSuperuser", StringComparison.Ordinal) == true;

    private string? FindsPlant(string backup)
    {
        string planted = "";
        VerificationResult result = Rehearse.Run(
            backup,
            static request => request with { AllowSuperuser = true },
            endpoint => planted = Planter.Plant(endpoint, seed)
        );
        Notes.Add($"planted {planted}");
        return Judge(result, Verdict.Failed) is { } fault ? $"planted {planted} -> {fault}" : null;
    }

    private static string? Verified(string backup) =>
        Judge(BackupVerifier.Run(new VerificationRequest { Path = backup }, static _ => { }, CancellationToken.None), Verdict.Passed);

    private static string? Judge(VerificationResult result, Verdict expected) =>
        result.Verdict == expected
            ? null
            : $"{result.Verdict}: {result.Reason} | {result.Remedy} | {string.Join(" / ", result.Differences)}";

    private string? Restored(string backup, string expected, Func<RestoreRequest, RestoreRequest> change)
    {
        RestoreResult result = server.Restore(backup, Target, change);
        if (result.PreviousDatabase is { } previous)
        {
            server.Drop(previous);
        }

        if (result.Status != RestoreStatus.Restored || result.Tables.Any(table => !table.Matches))
        {
            return $"{result.Status}: {string.Join(" / ", result.Tables.Where(table => !table.Matches))}";
        }

        bool unfilled = result.LeftOut.Any(line => line.StartsWith("MATERIALIZED VIEW DATA", StringComparison.Ordinal));
        string[] wanted = Lines(expected, unfilled);
        string[] found = Lines(Dump(Target), unfilled);
        return wanted.SequenceEqual(found)
            ? null
            : $"dump lacks: {string.Join(" / ", wanted.Except(found).Take(3))}; has: {string.Join(" / ", found.Except(wanted).Take(3))}";
    }

    /// <summary>What a dump says, in any order; without what was left out and told: views of foreign tables are not filled.</summary>
    private static string[] Lines(string dump, bool unfilled) =>
        [
            .. (dump.Contains("PARTITION BY HASH", StringComparison.Ordinal) ? InEveryOrder(dump.Split('\n')) : dump.Split('\n'))
                .Where(line => line is not ("" or "--"))
                .Where(line =>
                    !unfilled
                    || !(
                        line.StartsWith("REFRESH MATERIALIZED VIEW", StringComparison.Ordinal)
                        || line.Contains("Type: MATERIALIZED VIEW DATA", StringComparison.Ordinal)
                    )
                )
                .Order(StringComparer.Ordinal),
        ];

    /// <summary>
    /// The hash of an enum's value is another in each database, so that a row may lie in another partition of each, and that one may have
    /// its columns in another order: the fields of rows in one order.
    /// </summary>
    private static IEnumerable<string> InEveryOrder(IEnumerable<string> lines)
    {
        bool isRow = false;
        foreach (string line in lines)
        {
            isRow &= line != "\\.";
            yield return isRow ? string.Join('\t', line.Split('\t').Order(StringComparer.Ordinal)) : line;
            isRow |= line.StartsWith("COPY ", StringComparison.Ordinal) && line.EndsWith(" FROM stdin;", StringComparison.Ordinal);
        }
    }

    /// <summary>Where the server does not know what its bytes mean, it cannot give them in another encoding.</summary>
    private string Dump(string database) =>
        server.Dump(database, Made.Contains("SQL_ASCII", StringComparison.Ordinal) ? "--encoding=SQL_ASCII" : "--encoding=UTF8");

    private string Made => Options[seed % Options.Length];
}
