using System.CommandLine;
using CryoBackup.Cli.Output;
using CryoBackup.Configuration;

namespace CryoBackup.Cli.Commands;

/// <summary>cryobackup config: an example, the schema, or what a file means.</summary>
internal sealed class ConfigCommand : Command
{
    private readonly Argument<string?> _file = new("file")
    {
        Description = "File to check; without it the one that the other commands would take",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly Option<bool> _example = new("--example") { Description = "Print an annotated example" };

    private readonly Option<bool> _schema = new("--schema") { Description = "Print the JSON Schema, for editors" };

    private readonly Option<bool> _check = new("--check")
    {
        Description = "Check the file, and print what it means with secrets masked; so unless said otherwise",
    };

    public ConfigCommand()
        : base("config", "Check the configuration, or print an example of one")
    {
        Add(_file);
        Add(_check);
        Add(_example);
        Add(_schema);
        Add(new ConfigTestCommand());
        Add(new ConfigNewCommand());
        Validators.Add(result =>
        {
            if (new[] { _example, _schema, _check }.Count(option => result.GetValue(option)) > 1)
            {
                result.AddError("Give one of --check, --example and --schema.");
            }
        });
        SetAction(Run);
    }

    private int Run(ParseResult arguments)
    {
        if (arguments.GetValue(_example) || arguments.GetValue(_schema))
        {
            Console.Out.Write(arguments.GetValue(_example) ? ConfigurationExample.Create() : ConfigurationSchema.Create());
            return ExitCode.Good;
        }
        using var observer = new ConsoleObserver(arguments.GetValue(CommonOptions.Verbose));
        try
        {
            BackupConfiguration configuration = Check(arguments.GetValue(_file), observer);
            Console.Out.Write(
                arguments.GetValue(CommonOptions.Json)
                    ? ConfigurationView.ToJson(configuration).ToJsonString(Json.Options) + Environment.NewLine
                    : ConfigurationView.ToYaml(configuration)
            );
            return ExitCode.Good;
        }
        catch (CryoBackupException exception)
        {
            observer.Fail(exception);
            return ExitCode.Of(exception);
        }
    }

    private static BackupConfiguration Check(string? file, ConsoleObserver observer)
    {
        string current = Directory.GetCurrentDirectory();
        string path =
            ConfigurationFile.Find(file is null ? null : Path.GetFullPath(file, current), current)
            ?? throw new CryoBackupException(
                CryoBackupError.ConfigurationInvalid,
                "There is no configuration here.",
                current,
                "Name a file; cryobackup config --example prints one to begin with."
            );
        BackupConfiguration configuration = ConfigurationFile.Read(path, observer.Observe);
        configuration.Require(ConfigurationUse.Check);
        observer.Say($"cryobackup: '{path}' is good.");
        return configuration;
    }
}
