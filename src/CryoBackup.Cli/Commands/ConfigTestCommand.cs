using System.CommandLine;
using CryoBackup.Hosting;
using CryoBackup.Text;

namespace CryoBackup.Cli.Commands;

/// <summary>cryobackup config test: what files mean, what is wrong with them, and whether their channels work.</summary>
internal sealed class ConfigTestCommand : Command
{
    private readonly Argument<string[]> _files = new("file")
    {
        Description = "Files to test; without one that which the other commands would take",
        Arity = ArgumentArity.ZeroOrMore,
    };

    private readonly Option<bool> _notify = new("--notify")
    {
        Description = "Send a test through every channel of notification that the file enables",
    };

    public ConfigTestCommand()
        : base("test", "Say what a configuration means and what is wrong with it: exit code 0 good, 1 a channel failed, 2 not valid")
    {
        Add(_files);
        Add(_notify);
        SetAction(arguments =>
            Batch.Run<string?, ConfigurationResult>(
                arguments,
                (_, _) => (arguments.GetValue(_files) ?? []).Select(file => (string?)Path.GetFullPath(file)).DefaultIfEmpty(),
                (file, observer, cancellationToken) =>
                    [
                        ConfigurationCheck.Run(
                            file,
                            Directory.GetCurrentDirectory(),
                            arguments.GetValue(_notify),
                            observer,
                            cancellationToken
                        ),
                    ],
                Print,
                result =>
                    result.IsValid ? ExitCode.Good
                    : result.Problems.Length > 0 ? ExitCode.Usage
                    : ExitCode.Failed
            )
        );
    }

    private static void Print(IReadOnlyList<ConfigurationResult> results, TextWriter output)
    {
        foreach (ConfigurationResult result in results)
        {
            output.WriteLine(VisibleText.Of($"# {result.Path}: {(result.IsValid ? "good" : "not good")}"));
            foreach (ConfigurationProblem problem in result.Problems)
            {
                output.WriteLine(VisibleText.Of($"# {problem.Message}"));
                output.WriteLine(VisibleText.Of($"# Remedy: {ToolWords.Translate(problem.Remedy ?? "")}"));
            }
            foreach (string warning in result.Warnings)
            {
                output.WriteLine(VisibleText.Of($"# Warning: {warning}"));
            }
            foreach (ChannelResult channel in result.Channels)
            {
                output.WriteLine(VisibleText.Of($"# {channel.Channel}: {(channel.Sent ? "sent" : "not sent")}, {channel.Detail}"));
            }
            output.Write(result.Settings);
        }
    }
}
