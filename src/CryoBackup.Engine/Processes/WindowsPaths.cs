using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using System.Text;

namespace CryoBackup.Processes;

/// <summary>What Windows says of paths.</summary>
[SupportedOSPlatform("windows")]
internal static partial class WindowsPaths
{
    /// <summary>The path by the short names (8.3) of its folders.</summary>
    /// <param name="path">The path of what exists.</param>
    /// <returns>The path itself where the volume keeps no such names.</returns>
    public static string Shorten(string path)
    {
        char[] known = new char[32_767];
        uint length = GetShortPathName(path, known, (uint)known.Length);
        return length == 0 || length > known.Length ? path : new string(known, 0, (int)length);
    }

    /// <summary>Whether programs that take their arguments and variables in the system's code page can be told a text.</summary>
    /// <param name="text">The text.</param>
    public static bool FitsCodePage(string text)
    {
        int page = (int)GetACP();
        Encoding encoding = CodePagesEncodingProvider.Instance.GetEncoding(page) ?? Encoding.GetEncoding(page);
        return string.Equals(encoding.GetString(encoding.GetBytes(text)), text, StringComparison.Ordinal);
    }

    [LibraryImport("kernel32", EntryPoint = "GetShortPathNameW", StringMarshalling = StringMarshalling.Utf16)]
    private static partial uint GetShortPathName(string path, [Out] char[] known, uint length);

    [LibraryImport("kernel32")]
    private static partial uint GetACP();
}
