using System.Runtime.Versioning;
using CryoBackup.Stores;
using CryoBackup.Tests.Standalone;

namespace CryoBackup.Tests.Copies;

/// <summary>Ctrl+C in a console of Windows, as the tool has it.</summary>
[SupportedOSPlatform("windows")]
public sealed class CtrlCTests : CopyTestBase
{
    /// <summary>What was begun is undone, and the exit code tells it.</summary>
    [WindowsFact]
    public void UndoesWhatWasBegun()
    {
        string backup = Make((2 * PartedUpload.SmallestPart) + 100);
        using var reached = new ManualResetEventSlim();
        using var over = new ManualResetEventSlim();
        Server.Fault = (_, request) =>
        {
            if (request.RawUrl.Contains("partNumber=2", StringComparison.Ordinal))
            {
                reached.Set();
                over.Wait();
            }

            return null;
        };
        using var tool = new ConsoleChild(
            BuiltTool.Program,
            BuiltTool.Arguments("copy", backup, "--destination", "s3://backups/db"),
            StoreVariables
        );
        Assert.True(reached.Wait(TimeSpan.FromMinutes(1)), "The upload did not come so far.");
        (int code, string said) = tool.Interrupt();
        over.Set();

        Assert.True(code == 130, $"{code} {said}");
        Assert.Empty(Server.Uploads);
        Assert.Empty(Server.Objects);
        Assert.True(File.Exists(backup));
    }
}
