using System.Text;

namespace CryoBackup.Processes;

/// <summary>How long a command line may be, which each platform says in its own way.</summary>
internal static class CommandLength
{
    /// <summary>What CreateProcess takes: 32,767 characters with the zero at their end.</summary>
    public const int MostOnWindows = 32_766;

    // Linux gives arguments and environment a quarter of the stack's limit, 2 MiB as it is set everywhere; macOS 1 MiB. This leaves
    // room for the environment in both.
    private const int MostOnUnix = 768 << 10;

    // Of one argument on Linux, with the zero at its end: 32 pages.
    private const int MostOfOne = (128 << 10) - 1;

    private const int PointerSize = 8;

    /// <summary>Whether a command can be started on this platform.</summary>
    /// <param name="program">The program's path.</param>
    /// <param name="arguments">Its arguments.</param>
    public static bool Fits(string program, IEnumerable<string> arguments) => Fits(program, arguments, OperatingSystem.IsWindows());

    /// <summary>Whether a command can be started on a platform.</summary>
    /// <param name="program">The program's path.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="onWindows">True for Windows, false for Unix.</param>
    public static bool Fits(string program, IEnumerable<string> arguments, bool onWindows)
    {
        string[] words = [program, .. arguments];
        return onWindows
            ? words.Sum(word => OnWindows(word) + 1L) - 1 <= MostOnWindows
            : Array.TrueForAll(words, word => Encoding.UTF8.GetByteCount(word) <= MostOfOne)
                && words.Sum(word => Encoding.UTF8.GetByteCount(word) + 1L + PointerSize) <= MostOnUnix;
    }

    /// <summary>The length of an argument as .NET writes it: in quotes where it must be, with backslashes before quotes,
    /// and doubled there.</summary>
    private static long OnWindows(string word)
    {
        if (word.Length > 0 && !word.Any(letter => char.IsWhiteSpace(letter) || letter == '"'))
        {
            return word.Length;
        }

        long length = word.Length + 2;
        int backslashes = 0;
        foreach (char letter in word)
        {
            length += letter == '"' ? backslashes + 1 : 0;
            backslashes = letter == '\\' ? backslashes + 1 : 0;
        }

        return length + backslashes;
    }
}
