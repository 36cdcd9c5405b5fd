using System.Runtime.Versioning;
using CryoBackup.Stores;
using CryoBackup.Tests.Standalone;

namespace CryoBackup.Tests.Copies;

/// <summary>Ctrl+C in a console of Windows, and the closing of its window, as the tool has them.</summary>
[SupportedOSPlatform("windows")]
public sealed class ConsoleEndTests : CopyTestBase
{
    /// <summary>What was begun is undone, and the exit code tells it.</summary>
    [WindowsFact]
    public void CtrlCUndoesWhatWasBegun()
    {
        (int code, string said) = EndWithin(isClosed: false);
        Assert.True(code == 130, $"{code} {said}");
    }

    /// <summary>Windows gives it five seconds.</summary>
    [WindowsFact]
    [Trait(WineLimits.Trait, WineLimits.Windows)]
    public void AClosedWindowUndoesWhatWasBegun() => EndWithin(isClosed: true);

    private (int Code, string Said) EndWithin(bool isClosed)
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
            isClosed,
            BuiltTool.Program,
            BuiltTool.Arguments("copy", backup, "--destination", "s3://backups/db"),
            StoreVariables
        );
        Assert.True(reached.Wait(TimeSpan.FromMinutes(1)), "The upload did not come so far.");
        (int Code, string Said) end = tool.End();
        over.Set();

        Assert.Empty(Server.Uploads);
        Assert.Empty(Server.Objects);
        Assert.True(File.Exists(backup));
        return end;
    }
}
