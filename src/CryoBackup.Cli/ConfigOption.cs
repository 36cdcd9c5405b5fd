using System.CommandLine;
using CryoBackup.Configuration;

namespace CryoBackup.Cli;

/// <summary>The option that names the configuration, and the configuration itself: read once, when it is first asked for.</summary>
internal sealed class ConfigOption(ConfigurationUse use)
{
    private readonly Option<string?> _config = new("--config", "-c")
    {
        Description =
            "Configuration file; else that of CRYOBACKUP_CONFIG, config/backup_config.yaml or config/cryobackup.yaml; "
            + "what is said here comes before it",
        HelpName = "file",
    };

    private BackupConfiguration? _configuration;
    private bool _isRead;

    public void AddTo(Command command) => command.Add(_config);

    /// <summary>The configuration, with every variable set that the command needs; null if there is none.</summary>
    /// <exception cref="CryoBackupException">ConfigurationInvalid.</exception>
    public BackupConfiguration? Read(ParseResult arguments, Action<EngineMessage> observer, params IReadOnlyCollection<string> replaced)
    {
        if (!_isRead)
        {
            _configuration = Open(arguments, observer);
            _configuration?.Require(use, replaced);
            _isRead = true;
        }
        return _configuration;
    }

    /// <summary>The configuration, with variables that may not be set; null if there is none.</summary>
    /// <exception cref="CryoBackupException">ConfigurationInvalid.</exception>
    public BackupConfiguration? Open(ParseResult arguments, Action<EngineMessage> observer)
    {
        string current = Directory.GetCurrentDirectory();
        string? given = arguments.GetValue(_config) is { } file ? Path.GetFullPath(file, current) : null;
        if (ConfigurationFile.Find(given, current) is not { } path)
        {
            return null;
        }
        BackupConfiguration configuration = ConfigurationFile.Read(path, observer);
        observer(new VerboseMessage($"Read the configuration '{path}':"));
        foreach (string line in ConfigurationView.ToYaml(configuration).TrimEnd().Split('\n'))
        {
            observer(new VerboseMessage(line.TrimEnd('\r')));
        }
        return configuration;
    }
}
