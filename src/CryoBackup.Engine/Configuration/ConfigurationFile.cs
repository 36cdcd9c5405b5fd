using CryoBackup.Processes;

namespace CryoBackup.Configuration;

/// <summary>Finds and reads the configuration file.</summary>
public static class ConfigurationFile
{
    /// <summary>The environment variable that names the file.</summary>
    public const string Variable = "CRYOBACKUP_CONFIG";

    private static readonly string[] DefaultPaths = ["config/backup_config.yaml", "config/cryobackup.yaml"];

    /// <summary>Finds the file: the one that is given, else that of CRYOBACKUP_CONFIG, else config/backup_config.yaml,
    /// else config/cryobackup.yaml.</summary>
    /// <param name="given">The full path that the user gave; null for none.</param>
    /// <param name="currentFolder">The folder that the two last are looked for in, as a full path.</param>
    /// <returns>A full path; null where no file is given and none is there.</returns>
    /// <exception cref="CryoBackupException">ConfigurationInvalid: one was found that nobody named,
    /// and that others could have put there.</exception>
    public static string? Find(string? given, string currentFolder)
    {
        if (given is not null)
        {
            return given;
        }

        if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } named)
        {
            return Path.GetFullPath(named, currentFolder);
        }

        string? found = DefaultPaths.Select(path => Path.GetFullPath(path, currentFolder)).FirstOrDefault(File.Exists);
        return found is not null && TrustedPlace.WhyNot(found) is { } why
            ? throw new CryoBackupException(
                CryoBackupError.ConfigurationInvalid,
                $"The configuration '{found}' was found, not named, and is not obeyed: {why}.",
                found,
                "If it is meant, name it with -Config; else run from another folder. It is obeyed unnamed where it and the folders "
                    + "above it belong to this account or to the administrator, and nobody else may write to them."
            )
            : found;
    }

    /// <summary>Reads and checks the file.</summary>
    /// <param name="path">Its full path.</param>
    /// <param name="observer">Takes the one warning about keys that are somebody else's job.</param>
    /// <returns>The configuration; variables that are not set are an error only when <see cref="BackupConfiguration.Require"/> is asked for
    /// them.</returns>
    /// <exception cref="CryoBackupException">ConfigurationInvalid, with line, column and remedy.</exception>
    public static BackupConfiguration Read(string path, Action<EngineMessage> observer) =>
        Read(path, observer, Environment.GetEnvironmentVariable);

    /// <summary>As the other overload, with variables that need not be those of this process.</summary>
    /// <param name="path">The file's full path.</param>
    /// <param name="observer">Takes the warning.</param>
    /// <param name="environment">Looks a variable up.</param>
    /// <returns>The configuration.</returns>
    internal static BackupConfiguration Read(string path, Action<EngineMessage> observer, Func<string, string?> environment)
    {
        ArgumentNullException.ThrowIfNull(observer);
        var errors = new ConfigurationErrors(path);
        return Read(ConfigurationText.Read(errors), errors, observer, environment);
    }

    /// <summary>As the others, of a text that is there already.</summary>
    /// <param name="text">The file's text.</param>
    /// <param name="errors">Names the file.</param>
    /// <param name="observer">Takes the warning.</param>
    /// <param name="environment">Looks a variable up.</param>
    /// <returns>The configuration.</returns>
    internal static BackupConfiguration Read(
        string text,
        ConfigurationErrors errors,
        Action<EngineMessage> observer,
        Func<string, string?> environment
    )
    {
        string baseFolder = BaseFolder(errors.Path);
        var reader = new ConfigurationReader(errors, new ConfigurationVariables(baseFolder, environment), baseFolder);
        MapNode root = ConfigurationTree.Read(text, errors);
        BackupConfiguration configuration = reader.Read(root) with { Missing = reader.Missing };
        ConfigurationRules.Check(configuration, root, errors);
        if (reader.Foreign.Count > 0)
        {
            observer(new WarningMessage(InWords(errors.Path, reader.Foreign)));
        }

        foreach (string warning in ClearText.Find(configuration.Notifications))
        {
            observer(new WarningMessage($"'{errors.Path}': {warning}"));
        }

        return configuration;
    }

    /// <summary>
    /// What relative paths are relative to: the file's folder; where that is named config, the one above, as the predecessor was run
    /// from the folder that held config/. So a scheduled run means the same as one by hand, wherever it starts.
    /// </summary>
    /// <param name="path">The file's full path.</param>
    /// <returns>A full path.</returns>
    internal static string BaseFolder(string path)
    {
        string folder = Path.GetDirectoryName(path) ?? path;
        return string.Equals(Path.GetFileName(folder), "config", StringComparison.OrdinalIgnoreCase)
            ? Path.GetDirectoryName(folder) ?? folder
            : folder;
    }

    private static string InWords(string path, IReadOnlyList<(string Path, string Instead)> foreign)
    {
        IEnumerable<string> groups = foreign
            .GroupBy(item => item.Instead, StringComparer.Ordinal)
            .Select(group => $"{Names([.. group.Select(item => item.Path)])}: {group.Key}");
        return $"'{path}' has keys of the predecessor that are somebody else's job. {string.Join("; ", groups)}.";
    }

    /// <summary>Several keys of one section are named by it.</summary>
    private static string Names(IReadOnlyList<string> paths) =>
        string.Join(
            ", ",
            paths
                .GroupBy(path => path[..(path.LastIndexOf('.') + 1)], StringComparer.Ordinal)
                .SelectMany(section => section.Key.Length > 0 && section.Count() > 1 ? [section.Key.TrimEnd('.')] : section.AsEnumerable())
        );
}
