using CryoBackup.Tests.Standalone;

namespace CryoBackup.Tests;

/// <summary>The tool as it was built.</summary>
internal static class BuiltTool
{
    /// <summary>What runs it: in Wine, where no .NET is, the one that lies beside the tests.</summary>
    public static string Program => StandaloneRun.IsWine ? Path.Combine(AppContext.BaseDirectory, "cryobackup.exe") : "dotnet";

    /// <summary>What that program is given.</summary>
    /// <param name="words">What the tool is given.</param>
    public static string[] Arguments(params IEnumerable<string> words) =>
        // output/build/bin/CryoBackup.Engine.Tests/<pivot>/ and output/tool/
        StandaloneRun.IsWine
            ? [.. words]
            : [Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "../../../../tool/cryobackup.dll")), .. words];
}
