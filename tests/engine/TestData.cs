using System.Runtime.CompilerServices;

namespace CryoBackup.Tests;

/// <summary>The files in tests/data.</summary>
internal static class TestData
{
    public static byte[] Read(string name) => File.ReadAllBytes(Path.Combine(Folder(), name));

    private static string Folder([CallerFilePath] string thisFile = "") => Path.Combine(Path.GetDirectoryName(thisFile)!, "..", "data");
}
