using CryoBackup.Processes;
using CryoBackup.Restore;

namespace CryoBackup.Tests.Postgres;

/// <summary>pg_restore's first error, whatever is printed after it.</summary>
public sealed class RestoreComplaintTests
{
    [Fact]
    public void IsKeptHoweverLongTheStatementIs()
    {
        RestoreComplaint complaint = Read([
            "pg_restore: while PROCESSING TOC:",
            "pg_restore: from TOC entry 204; 1255 16391 FUNCTION guard() owner",
            "pg_restore: error: could not execute query: ERROR:  syntax error at or near \"x\"",
            "LINE 2:   x",
            "          ^",
            "DETAIL:  view a depends on it",
            "view b depends on it",
            "HINT:  Use DROP ... CASCADE.",
            "Command was: CREATE FUNCTION guard() AS $$",
            .. Enumerable.Repeat("ERROR:  only words of the body", 100),
            "pg_restore: error: another",
            "DETAIL:  of another",
        ]);
        Assert.Equal(204, complaint.DumpId);
        Assert.Equal("syntax error at or near \"x\"", complaint.Message);
        Assert.Equal("view a depends on it; view b depends on it", complaint.Detail);
        Assert.Equal("Use DROP ... CASCADE.", complaint.Hint);
        Assert.Equal("CREATE FUNCTION guard() AS $$", complaint.StatementStart);
        Assert.Equal(101, complaint.Statement!.Split('\n').Length);
        Assert.Equal("Command was: CREATE FUNCTION guard() AS $$", complaint.Lines[^1]);
    }

    [Fact]
    public void AStatementThatWasCutIsNotWhole()
    {
        RestoreComplaint complaint = Read([
            "pg_restore: error: could not execute query: ERROR:  no",
            "Command was: SELECT",
            new string('x', StandardErrorTail.MaximumCharacters),
        ]);
        Assert.Null(complaint.Statement);
        Assert.Equal("SELECT", complaint.StatementStart);
    }

    [Fact]
    public void AnEndedSessionIsNoErrorOfAStatement() =>
        Assert.Null(
            Read(["pg_restore: error: could not execute query: FATAL:  terminating connection due to administrator command"]).Message
        );

    private static RestoreComplaint Read(IEnumerable<string> lines)
    {
        var complaint = new RestoreComplaint();
        foreach (string line in lines)
        {
            complaint.Take(line);
        }

        return complaint;
    }
}
