namespace CryoBackup.Tests.Standalone;

/// <summary>What Wine 10 cannot do and Windows can: reasons for <c>[Trait(WineLimits.Trait, ...)]</c>, told for each test that is skipped there.</summary>
internal static class WineLimits
{
    /// <summary>The trait's name.</summary>
    public const string Trait = "Wine";

    /// <summary>The tests' own mail and HTTPS servers need a certificate with its key in memory.</summary>
    public const string Certificates =
        "a certificate there gets no private key that lies in memory alone, so no TLS server of the tests starts.";

    /// <summary>Windows brings icu.dll, by which .NET knows zones by their names in the tz database.</summary>
    public const string TimeZones = "it lacks icu.dll, by which .NET knows a zone such as Europe/Berlin.";

    /// <summary>Nothing there keeps events.</summary>
    public const string EventLog = "its event log keeps no events.";

    /// <summary>What an ACL says beyond these is lost.</summary>
    public const string Acls = "its files have the rights of Unix, from which it makes up an ACL.";

    /// <summary>Without a screen, and its consoles tell nobody that they are closed.</summary>
    public const string Windows = "its consoles have no window that could be closed.";

    /// <summary>Of .NET only what a program brings itself.</summary>
    public const string Host = "no .NET is installed there that would run another program's assembly.";
}
