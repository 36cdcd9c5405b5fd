namespace CryoBackup.Processes;

/// <summary>
/// The environment of child programs: an allow-list. Whatever else stands in ours (passwords and keys of other programs, as a scheduler or
/// a container gives them) is nobody else's: on Linux the account that a program runs as reads its environment in /proc.
/// </summary>
internal static class ChildEnvironment
{
    // What programs run by and are found by, in which language they speak, and who they run as.
    private static readonly HashSet<string> Allowed = new(
        [
            "PATH",
            "HOME",
            "USER",
            "LOGNAME",
            "TMPDIR",
            "TEMP",
            "TMP",
            "LANG",
            "LANGUAGE",
            "TZ",
            "TZDIR",
            "LOCPATH",
            "ICU_DATA",
            "TERM",
            // A private installation's libraries; names for accounts that no user database knows, as in containers.
            "LD_LIBRARY_PATH",
            "DYLD_LIBRARY_PATH",
            "DYLD_FALLBACK_LIBRARY_PATH",
            "LD_PRELOAD",
            "NSS_WRAPPER_PASSWD",
            "NSS_WRAPPER_GROUP",
            "OPENSSL_CONF",
            "OPENSSL_MODULES",
            "SSL_CERT_FILE",
            "SSL_CERT_DIR",
            "XDG_CONFIG_HOME",
            "XDG_CONFIG_DIRS",
            "XDG_DATA_HOME",
            "XDG_DATA_DIRS",
            "XDG_CACHE_HOME",
            "XDG_STATE_HOME",
            "XDG_RUNTIME_DIR",
            "SystemRoot",
            "SystemDrive",
            "windir",
            "ComSpec",
            "PATHEXT",
            "OS",
            "COMPUTERNAME",
            "USERNAME",
            "USERDOMAIN",
            "USERPROFILE",
            "HOMEDRIVE",
            "HOMEPATH",
            "APPDATA",
            "LOCALAPPDATA",
            "ProgramData",
            "ALLUSERSPROFILE",
            "PUBLIC",
            "ProgramFiles",
            "ProgramFiles(x86)",
            "ProgramW6432",
            "CommonProgramFiles",
            "CommonProgramFiles(x86)",
            "CommonProgramW6432",
            "NUMBER_OF_PROCESSORS",
            "PROCESSOR_ARCHITECTURE",
        ],
        OperatingSystem.IsWindows() ? StringComparer.OrdinalIgnoreCase : StringComparer.Ordinal
    );

    /// <summary>Removes from an environment what no program needs of ours.</summary>
    /// <param name="environment">Ours, which becomes the program's.</param>
    public static void Reduce(IDictionary<string, string?> environment)
    {
        foreach (
            string name in environment
                .Keys.Where(name => !Allowed.Contains(name) && !name.StartsWith("LC_", StringComparison.Ordinal))
                .ToArray()
        )
        {
            environment.Remove(name);
        }
    }

    /// <summary>Those of some variables that are set, for a program that needs them too.</summary>
    /// <param name="isNeeded">Tells whether the program needs a variable.</param>
    public static IEnumerable<KeyValuePair<string, string?>> Needed(Predicate<string> isNeeded) =>
        Environment
            .GetEnvironmentVariables()
            .Cast<System.Collections.DictionaryEntry>()
            .Where(variable => isNeeded((string)variable.Key))
            .Select(variable => new KeyValuePair<string, string?>((string)variable.Key, (string?)variable.Value));
}
