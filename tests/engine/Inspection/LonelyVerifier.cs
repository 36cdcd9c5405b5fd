using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json;
using CryoBackup.Verification;

namespace CryoBackup.Tests.Inspection;

/// <summary>Verifies a backup in a process without any program on its PATH, without any variable of PostgreSQL's,
/// and without a home.</summary>
internal static class LonelyVerifier
{
    /// <summary>What the process says.</summary>
    /// <param name="Verdict">The verdict.</param>
    /// <param name="Reason">Its reason.</param>
    /// <param name="Checks">Each check with its outcome and detail.</param>
    /// <param name="Tables">Each table with its rows and fingerprint.</param>
    /// <param name="Assemblies">The assemblies that the process had loaded in the end.</param>
    internal sealed record Answer(string Verdict, string Reason, string[] Checks, string[] Tables, string[] Assemblies)
    {
        public static Answer From(VerificationResult result) =>
            new(
                result.Verdict.ToString(),
                result.Reason,
                [.. result.Checks.Select(check => $"{check} {check.Detail}")],
                [.. result.Tables.Select(table => $"{table} {table.ExpectedRows} {table.FoundRows} {table.FoundFingerprint}")],
                []
            );
    }

    /// <summary>Runs in the test's process.</summary>
    public static Answer Verify(string path)
    {
        string dotnet = Path.Combine(
            RuntimeEnvironment.GetRuntimeDirectory(),
            "..",
            "..",
            "..",
            OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet"
        );
        var start = new ProcessStartInfo(Path.GetFullPath(dotnet), ["exec", typeof(LonelyVerifier).Assembly.Location, path])
        {
            RedirectStandardOutput = true,
            WorkingDirectory = Path.GetDirectoryName(path),
        };
        string? root = Environment.GetEnvironmentVariable("SystemRoot");
        start.Environment.Clear();
        start.Environment["PATH"] = "";
        if (root is not null)
        {
            // Without it no program runs on Windows.
            start.Environment["SystemRoot"] = root;
        }

        using Process process = Process.Start(start)!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, output);
        return JsonSerializer.Deserialize<Answer>(output)!;
    }

    /// <summary>Runs in the process of its own.</summary>
    public static int Run(string[] arguments)
    {
        VerificationResult result = BackupVerifier.Run(
            new VerificationRequest { Path = arguments[0] },
            static _ => { },
            CancellationToken.None
        );
        string[] assemblies =
        [
            .. AppDomain.CurrentDomain.GetAssemblies().Select(assembly => assembly.GetName().Name!).Order(StringComparer.Ordinal),
        ];
        Console.WriteLine(JsonSerializer.Serialize(Answer.From(result) with { Assemblies = assemblies }));
        return 0;
    }
}
