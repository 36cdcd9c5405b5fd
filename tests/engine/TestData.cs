using System.Runtime.CompilerServices;

namespace CryoBackup.Tests;

/// <summary>The files in tests/data.</summary>
internal static class TestData
{
    public static byte[] Read(string name) => File.ReadAllBytes(Path.Combine(Root(), name));

    /// <summary>One of its folders.</summary>
    public static string Folder(string name) => Path.Combine(Root(), name);

    /// <summary>The text of a page of the help.</summary>
    public static string Page(string name) => File.ReadAllText(Path.Combine(Root(), "..", "..", "en-US", name));

    private static string Root([CallerFilePath] string thisFile = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(thisFile)!, "..", "data"));
}
