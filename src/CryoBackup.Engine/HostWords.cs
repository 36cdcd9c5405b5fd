namespace CryoBackup;

/// <summary>
/// What is said to people, in the words of the host that runs: the engine names cmdlets and their parameters, as PowerShell's users type
/// them. Another host says once how it puts that; whatever is said then, to a console, a report, a log or a mailbox, is in its words.
/// </summary>
public static class HostWords
{
    private static Func<string, string> s_put = static text => text;

    /// <summary>Says how this host puts what the engine says.</summary>
    /// <param name="put">Takes a text with cmdlets and parameters in it, and returns the host's; what is so already it leaves.</param>
    public static void Use(Func<string, string> put) => s_put = put;

    /// <summary>A text in the host's words.</summary>
    /// <param name="text">A text in PowerShell's.</param>
    internal static string Of(string text) => s_put(text);
}
