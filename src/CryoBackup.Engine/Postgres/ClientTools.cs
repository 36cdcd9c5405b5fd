using System.Collections.Concurrent;
using System.Globalization;
using System.Text.RegularExpressions;
using CryoBackup.Processes;

namespace CryoBackup.Postgres;

/// <summary>Finds PostgreSQL's own programs, in the folder that the administrator names,
/// on the PATH and where the packages put them.</summary>
internal static partial class ClientTools
{
    /// <summary>The variable that names a folder of PostgreSQL programs to be taken before all others.</summary>
    public const string FolderVariable = "CRYOBACKUP_PGBIN";

    private static readonly ConcurrentDictionary<(string Path, DateTime Written), (string Version, int Major)> Versions = new();

    /// <summary>
    /// Finds a program that fits a server: of the same major version, else of the lowest higher one. A fitting program in the folder of
    /// CRYOBACKUP_PGBIN is taken before any other.
    /// </summary>
    /// <param name="toolName">For example pg_dump.</param>
    /// <param name="minimumMajor">The server's major version; 0 for the newest program there is.</param>
    /// <param name="cancellationToken">Ends the search.</param>
    /// <exception cref="CryoBackupException">
    /// PgToolNotFound, also where CRYOBACKUP_PGBIN names no folder that exists; PgToolTooOld when all that were found are older.
    /// </exception>
    public static ClientTool Find(string toolName, int minimumMajor, CancellationToken cancellationToken) =>
        Find(toolName, minimumMajor, Environment.GetEnvironmentVariable, cancellationToken);

    /// <summary>As the other overload, with variables that need not be those of this process.</summary>
    public static ClientTool Find(string toolName, int minimumMajor, Func<string, string?> environment, CancellationToken cancellationToken)
    {
        string? named = environment(FolderVariable) is { Length: > 0 } folder ? folder : null;
        var searched = new List<string>();
        var tooOld = new List<ClientTool>();
        if (named is not null)
        {
            searched.Add(named);
            if (FindNamed(named, toolName, cancellationToken) is { } tool)
            {
                if (tool.Major >= minimumMajor)
                {
                    return tool;
                }

                tooOld.Add(tool);
            }
        }

        var fitting = new List<ClientTool>();
        foreach (string place in OnPath(environment).Concat(PackageFolders()).Distinct(StringComparer.Ordinal))
        {
            cancellationToken.ThrowIfCancellationRequested();
            searched.Add(place);
            if (Inspect(place, toolName, cancellationToken) is { } tool)
            {
                (tool.Major >= minimumMajor ? fitting : tooOld).Add(tool);
            }
        }

        if (fitting.Count > 0)
        {
            // Both are stable: among equals the one on the PATH.
            return minimumMajor == 0 ? fitting.MaxBy(t => t.Major)! : fitting.MinBy(t => t.Major)!;
        }

        string places = string.Join(", ", searched);
        if (tooOld.Count > 0)
        {
            ClientTool newest = tooOld.MaxBy(t => t.Major)!;
            throw new CryoBackupException(
                CryoBackupError.PgToolTooOld,
                $"PostgreSQL {minimumMajor} needs {toolName} {minimumMajor} or newer, "
                    + $"but the newest found is {newest.Version} ('{newest.Path}'). Looked at: {places}.",
                toolName,
                Remedy(minimumMajor, IsServerProgram(toolName))
            );
        }

        throw new CryoBackupException(
            CryoBackupError.PgToolNotFound,
            $"The program {toolName} of PostgreSQL was not found. Looked at: {places}.",
            toolName,
            Remedy(minimumMajor, IsServerProgram(toolName))
        );
    }

    private static ClientTool? FindNamed(string named, string toolName, CancellationToken cancellationToken)
    {
        if (!Directory.Exists(named))
        {
            throw new CryoBackupException(
                CryoBackupError.PgToolNotFound,
                $"{FolderVariable} names the folder '{named}', which does not exist.",
                named,
                $"Set {FolderVariable} to the folder that holds PostgreSQL's programs, "
                    + "or remove it to have them looked for in the usual places."
            );
        }

        RequireTrusted(named, toolName);
        return Inspect(named, toolName, cancellationToken);
    }

    /// <summary>Reads the version out of what a program prints for --version; null if it is none of PostgreSQL's.</summary>
    internal static (string Version, int Major)? ParseVersion(string output)
    {
        // "pg_dump (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)", "postgres (PostgreSQL) 18beta1"
        Match match = VersionPattern().Match(output);
        return match.Success ? (match.Groups[1].Value, int.Parse(match.Groups[2].Value, CultureInfo.InvariantCulture)) : null;
    }

    /// <summary>What others may write to, they may have replaced: it would run with our rights, and get our passwords.</summary>
    private static void RequireTrusted(string folder, string toolName)
    {
        string program = PathOf(folder, toolName);
        if (TrustedPlace.WhyNot(File.Exists(program) ? program : Path.GetFullPath(folder)) is { } why)
        {
            throw new CryoBackupException(
                CryoBackupError.PgToolNotFound,
                $"The programs in the folder '{folder}' of {FolderVariable} are not run: {why}.",
                folder,
                $"Let {FolderVariable} name a folder that belongs to this account or to the administrator, "
                    + "and to which nobody else may write, nor to the folders above it."
            );
        }
    }

    private static string PathOf(string folder, string toolName) =>
        Path.GetFullPath(Path.Combine(folder, OperatingSystem.IsWindows() ? toolName + ".exe" : toolName));

    private static ClientTool? Inspect(string folder, string toolName, CancellationToken cancellationToken)
    {
        string path = PathOf(folder, toolName);
        try
        {
            var file = new FileInfo(path);
            if (!file.Exists)
            {
                return null;
            }

            FileSystemInfo target = file.ResolveLinkTarget(returnFinalTarget: true) ?? file;
            if (target.Name == "pg_wrapper")
            {
                // Debian's chooser: it takes the version of some cluster, and Perl; the real programs are looked at by themselves.
                return null;
            }

            (string path, DateTime) key = (path, File.GetLastWriteTimeUtc(target.FullName));
            if (!Versions.TryGetValue(key, out (string Version, int Major) version))
            {
                if (AskVersion(path, cancellationToken) is not { } told)
                {
                    // Not remembered: what it lacks (a right, a library) may come while this process lives.
                    return null;
                }

                version = told;
                Versions[key] = told;
            }

            return new ClientTool(toolName, path, version.Version, version.Major);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return null;
        }
    }

    private static (string Version, int Major)? AskVersion(string path, CancellationToken cancellationToken)
    {
        try
        {
            (int exitCode, string output, IReadOnlyList<string> _) = ToolProcess.Run(new ToolCommand(path, "--version"), cancellationToken);
            return exitCode == 0 ? ParseVersion(output) : null;
        }
        catch (CryoBackupException)
        {
            // Not a program of this machine.
            return null;
        }
    }

    private static IEnumerable<string> OnPath(Func<string, string?> environment) =>
        (environment("PATH") ?? "")
            .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Where(Path.IsPathFullyQualified);

    private static IEnumerable<string> PackageFolders()
    {
        if (OperatingSystem.IsWindows())
        {
            IEnumerable<string> roots = new[] { Environment.SpecialFolder.ProgramFiles, Environment.SpecialFolder.ProgramFilesX86 }
                .Select(Environment.GetFolderPath)
                .Where(p => p.Length > 0);
            return roots.SelectMany(root => Below(Path.Combine(root, "PostgreSQL"), "*", "bin"));
        }

        if (OperatingSystem.IsMacOS())
        {
            return ((string[])["/opt/homebrew/opt", "/usr/local/opt"])
                .SelectMany(opt => Below(opt, "postgresql*", "bin").Append(Path.Combine(opt, "libpq", "bin")))
                .Concat(Below("/Applications/Postgres.app/Contents/Versions", "*", "bin"))
                .Concat(Below("/Library/PostgreSQL", "*", "bin"));
        }

        return Below("/usr/lib/postgresql", "*", "bin")
            .Concat(Below("/usr", "pgsql-*", "bin"))
            .Concat(Below("/home/linuxbrew/.linuxbrew/opt", "postgresql*", "bin"))
            .Append("/usr/local/pgsql/bin");
    }

    private static IEnumerable<string> Below(string root, string pattern, string folder)
    {
        try
        {
            return Directory.Exists(root)
                ? Directory.GetDirectories(root, pattern).Order(StringComparer.Ordinal).Select(d => Path.Combine(d, folder)).ToArray()
                : [Path.Combine(root, pattern, folder)];
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private static bool IsServerProgram(string name) => name is "initdb" or "pg_ctl" or "postgres";

    private static string Remedy(int major, bool server)
    {
        string version = major > 0 ? major.ToString(CultureInfo.InvariantCulture) : "<version>";
        string debian = server ? "postgresql-" : "postgresql-client-";
        string redHat = server ? "-server" : "";
        return $"Windows: winget install PostgreSQL.PostgreSQL.{version}. "
            + $"Debian, Ubuntu: apt-get install {debian}{version} (repository apt.postgresql.org). "
            + $"RHEL: dnf install postgresql{version}{redHat} (repository yum.postgresql.org). "
            + $"macOS: brew install postgresql@{version}. "
            + $"Or set {FolderVariable} to the folder that holds the programs.";
    }

    [GeneratedRegex(@"\A\S+ \([^)]+\) ((\d+)[^\s]*)", RegexOptions.CultureInvariant)]
    private static partial Regex VersionPattern();
}
