using CryoBackup.Restore;
using CryoBackup.Verification;
using Npgsql;

namespace CryoBackup.Tests.Restore;

/// <summary>No phase of a restore or a rehearsal leaves the screen empty: there is one bar, which says the step and what is done.</summary>
[Collection("zoo")]
[Trait("Runs", "Once")]
public sealed class RestoreProgressTests(ZooServer server)
{
    private const string Barrier = "barrier of the bar";

    private readonly List<(DateTime At, ProgressMessage Message)> _told = [];
    private NpgsqlConnection? _barrier;

    [PostgresFact]
    public void ARestoreTellsEveryStepOnOneBar()
    {
        string backup = MakeBackup();
        foreach (int jobs in new[] { 1, 2 })
        {
            _told.Clear();
            RestoreRequest request = Requests.Restore(server.Connection, backup, "progress_target") with { Create = true, Jobs = jobs };
            server.Execute("postgres", "DROP DATABASE IF EXISTS progress_target");

            // What pg_restore does while nothing flows to it comes from the server. The index is not done before it is told.
            using (_barrier = server.Open("postgres", Barrier))
            using (var patience = new CancellationTokenSource(TimeSpan.FromMinutes(3)))
            {
                BackupRestorer.Run(request, Tell, patience.Token);
            }

            AssertOneBar("Restoring 'progress_target'");
            Assert.Contains(_told, told => IsOfIndex(told.Message));
            Assert.DoesNotContain(_told, told => told.Message.Status.Contains("cryobackup_restore_", StringComparison.Ordinal));
        }
    }

    [PostgresFact]
    public void ARehearsalTellsWhichStepOfHowMany()
    {
        string backup = MakeBackup();
        var request = new VerificationRequest { Path = backup, Level = VerificationLevel.Restore };
        Assert.Equal(Verdict.Passed, BackupVerifier.Run(request, Tell, CancellationToken.None).Verdict);
        AssertOneBar("Rehearsing progress_source");
    }

    [Theory]
    [InlineData("COPY public.big (id, v) FROM stdin;", "public.big")]
    [InlineData("CREATE INDEX a\n  ON public.big USING btree (v);\n", "CREATE INDEX a ON public.big USING btree (v)")]
    public void AStatementIsToldInOneLine(string statement, string expected) => Assert.Equal(expected, RestoreProgress.Brief(statement));

    [Fact]
    public void ALongStatementIsCut() => Assert.Equal(91, RestoreProgress.Brief("CREATE VIEW " + new string('x', 500)).Length);

    /// <summary>An index that is not done while the barrier is there.</summary>
    private string MakeBackup()
    {
        server.CreateDatabase("progress_source");
        server.Execute(
            "progress_source",
            $"""
            CREATE TABLE big (id int PRIMARY KEY, v text); INSERT INTO big SELECT n, md5(n::text) FROM generate_series(1, 20) n;
            CREATE FUNCTION slow(int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$
            BEGIN
                WHILE EXISTS (SELECT FROM pg_catalog.pg_stat_activity WHERE application_name = '{Barrier}') LOOP
                    PERFORM pg_catalog.pg_sleep(0.05), pg_catalog.pg_stat_clear_snapshot();
                END LOOP;
                RETURN $1;
            END $$;
            CREATE INDEX slow ON big (slow(id));
            """
        );
        return server.BackUp("progress_source");
    }

    private void Tell(EngineMessage message)
    {
        if (message is ProgressMessage progress)
        {
            lock (_told)
            {
                _told.Add((DateTime.UtcNow, progress));
                if (IsOfIndex(progress))
                {
                    _barrier?.Dispose();
                }
            }
        }
    }

    private static bool IsOfIndex(ProgressMessage message) =>
        message.Status.StartsWith("step 2 of 3, restoring: CREATE INDEX slow", StringComparison.Ordinal);

    private void AssertOneBar(string activity)
    {
        Assert.All(_told, told => Assert.Equal(activity, told.Message.Activity));
        Assert.True(_told[^1].Message.Completed);
        Assert.Equal(1, _told.Count(told => told.Message.Completed));
        foreach (string step in new[] { "step 1 of 3, proving the file", "step 2 of 3, restoring", "step 3 of 3, comparing" })
        {
            Assert.Contains(_told, told => told.Message.Status.StartsWith(step, StringComparison.Ordinal));
        }
    }
}
