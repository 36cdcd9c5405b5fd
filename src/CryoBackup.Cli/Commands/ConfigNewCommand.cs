using System.CommandLine;
using CryoBackup.Configuration;

namespace CryoBackup.Cli.Commands;

/// <summary>cryobackup config new: writes an annotated example.</summary>
internal sealed class ConfigNewCommand : Command
{
    private readonly Argument<string> _path = new("path")
    {
        Description = "The new file, or an existing folder that takes cryobackup.yaml; what is there is never replaced",
    };

    public ConfigNewCommand()
        : base("new", "Write an annotated example into a new file")
    {
        Add(_path);
        SetAction(arguments =>
            Batch.Run<string, string>(
                arguments,
                (_, _) => [Path.GetFullPath(arguments.GetValue(_path)!)],
                (path, _, _) => [ConfigurationExample.Write(path)],
                (files, output) =>
                {
                    foreach (string file in files)
                    {
                        output.WriteLine(file);
                    }
                },
                _ => ExitCode.Good
            )
        );
    }
}
