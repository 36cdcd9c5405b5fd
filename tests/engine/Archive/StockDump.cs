using CryoBackup.Postgres;
using CryoBackup.Processes;

namespace CryoBackup.Tests.Archive;

/// <summary>Runs the stock pg_dump against the shared server.</summary>
internal static class StockDump
{
    /// <summary>Dumps to a pipe, as the engine does.</summary>
    public static byte[] ToPipe(PostgresServer server, string database, params string[] arguments)
    {
        using var environment = new LibpqEnvironment(server.Endpoint.WithDatabase(database), "CryoBackup tests");
        using var process = ToolProcess.Start(Command(environment, arguments), CancellationToken.None);
        var output = new MemoryStream();
        process.StandardOutput.CopyTo(output);
        Assert.True(process.WaitForExit(CancellationToken.None) == 0, string.Join('\n', process.StandardErrorTail));
        return output.ToArray();
    }

    /// <summary>Dumps to a file, which pg_dump goes back in to write where the data lies.</summary>
    public static void ToFile(PostgresServer server, string database, string path, params string[] arguments)
    {
        using var environment = new LibpqEnvironment(server.Endpoint.WithDatabase(database), "CryoBackup tests");
        (int exitCode, _, IReadOnlyList<string> errors) = ToolProcess.Run(
            Command(environment, [.. arguments, "--file=" + path]),
            CancellationToken.None
        );
        Assert.True(exitCode == 0, string.Join('\n', errors));
    }

    private static ToolCommand Command(LibpqEnvironment environment, string[] arguments) =>
        new(ClientTools.Find("pg_dump", 0, CancellationToken.None).Path, ["--format=custom", "--no-password", .. arguments])
        {
            Environment = environment.Variables,
            ReadsOutput = true,
        };
}
