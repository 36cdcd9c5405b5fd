using CryoBackup.Postgres;
using CryoBackup.Restore;
using Npgsql;

namespace CryoBackup.Tests.Restore;

/// <summary>What a person is asked before a restore is true of the target, and of what becomes of it.</summary>
[Collection("zoo")]
[Trait("Runs", "Once")]
public sealed class RestoreQuestionTests(ZooServer server)
{
    [PostgresFact]
    public void TellsWhatIsThereAndWhatBecomesOfIt()
    {
        server.CreateDatabase("question");
        server.Execute("question", "CREATE TABLE a (id int); INSERT INTO a SELECT generate_series(1, 1500); CREATE TABLE b (id int)");
        server.Execute("question", "ANALYZE");
        server.Execute("question", "CHECKPOINT");
        using NpgsqlConnection other = server.Open("question");

        RestoreQuestion swap = Ask(request => request with { Swap = true, Force = true });
        Assert.Equal($"Restore '/backups/a' into the database 'question' on {server.Endpoint.Address} with -Swap.", swap.Deed);
        Assert.Matches(
            @"^'question' has 2 tables, about 1,500 rows, [0-9.]+ MB, last written to disk 20\d\d-\d\d-\d\d \d\d:\d\dZ, 1 session of others in it\.$",
            swap.Found
        );
        Assert.Matches("then this one is renamed to 'question_before_[0-9_]+' and kept, and its sessions are ended", swap.Fate);
        Assert.DoesNotContain("sessions are ended", Ask(request => request with { Swap = true }).Fate, StringComparison.Ordinal);
        Assert.Contains("what was written since the backup is lost.", Ask(Clean).Fate, StringComparison.Ordinal);
        Assert.Contains("must be empty", Ask(request => request with { DataOnly = true }).Fate, StringComparison.Ordinal);
        Assert.Equal(3, Ask(Clean).ToString().Split(Environment.NewLine).Length);
    }

    /// <summary>Who may not look at the server's files is told all else.</summary>
    [PostgresFact]
    public void ARoleWithoutRightsIsAskedToo()
    {
        server.CreateDatabase("question");
        server.Execute("question", "CREATE TABLE a (id int)");
        server.Execute("postgres", "DROP ROLE IF EXISTS question_role");
        server.Execute("postgres", "CREATE ROLE question_role LOGIN");
        RestoreQuestion question = Ask(request =>
            request with
            {
                Connection = server.Connection with { UserName = "question_role" },
                Clean = true,
            }
        );
        Assert.Matches(@"^'question' has 1 table, about 0 rows, [0-9.]+ MB\.$", question.Found);
    }

    [PostgresFact]
    public void WhereThereIsNothingToDecideNobodyIsAsked()
    {
        server.CreateDatabase("question");
        Assert.Equal("It is empty, so nothing is lost.", Ask(static request => request).Fate);
        server.Execute("question", "CREATE TABLE a (id int)");
        Assert.Equal(CryoBackupError.DatabaseNotEmpty, Refusal(static request => request).Error);
        Assert.Equal(CryoBackupError.DatabaseExists, Refusal(request => request with { Create = true }).Error);
        Assert.Equal(
            CryoBackupError.DatabaseNotFound,
            Refusal(request => request with { TargetDatabase = "question_none", Swap = true }).Error
        );
        RestoreQuestion made = Ask(request => request with { TargetDatabase = "question_none", Create = true });
        Assert.Equal("There is no database 'question_none' now.", made.Found);
    }

    [Theory]
    [InlineData("postgres")]
    [InlineData("template0")]
    [InlineData("template1")]
    public void WhatTheServerIsReachedByIsNotSwapped(string database)
    {
        CryoBackupException refusal = Assert.Throws<CryoBackupException>(() =>
            RestorePlan.ModeOf(
                new RestoreRequest
                {
                    TargetDatabase = database,
                    Swap = true,
                    Force = true,
                }
            )
        );
        Assert.Contains($"'{database}'", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("-Create", refusal.Remedy, StringComparison.Ordinal);
    }

    /// <summary>A name is told with the addresses that it stands for, an address and a socket as they are.</summary>
    [Fact]
    public async Task NamesTheAddressesOfAHost()
    {
        Assert.Matches(@"^localhost:5439 \(.*(127\.0\.0\.1|::1)", await AddressOf("localhost"));
        Assert.Equal("127.0.0.1:5439", await AddressOf("127.0.0.1"));
        Assert.Equal("[::1]:5439", await AddressOf("::1"));
        Assert.Equal("nowhere.invalid:5439", await AddressOf("nowhere.invalid"));
    }

    [Theory]
    [InlineData("db1", "db1:5439")]
    [InlineData("db1,db2", "db1:5439, db2:5439")]
    [InlineData("db1:5432", "db1:5432, port 5439")]
    public void DescribesAServerWithoutMeetingIt(string host, string expected) =>
        Assert.Equal(expected, new ConnectionRequest { ComputerName = host, Port = 5439 }.Describe());

    private static RestoreRequest Clean(RestoreRequest request) => request with { Clean = true };

    private static Task<string> AddressOf(string host) =>
        ServerEndpoint
            .Resolve(
                new ConnectionRequest { ComputerName = host, Port = 5439 },
                "any",
                static _ => { },
                new PostgresEnvironment(static _ => null)
            )
            .AddressWithNumbersAsync(CancellationToken.None);

    private RestoreQuestion Ask(Func<RestoreRequest, RestoreRequest> change) =>
        RestoreQuestion.Prepare(
            change(Requests.Restore(server.Connection, "/backups/a", "question")),
            static _ => { },
            CancellationToken.None
        );

    private CryoBackupException Refusal(Func<RestoreRequest, RestoreRequest> change) =>
        Assert.Throws<CryoBackupException>(() => Ask(change));
}
