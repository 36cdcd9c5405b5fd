using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text;
using CryoBackup;
using CryoBackup.Cli;
using CryoBackup.Cli.Commands;
using CryoBackup.Cli.Output;
using CryoBackup.Hosting;
using CryoBackup.Text;

StandardStream.Install();
HostWords.Use(ToolWords.Translate);
Console.OutputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);

var root = new RootCommand(
    """
    Proven backups of PostgreSQL databases.

    Results go to standard output; messages, warnings, errors and (on a terminal) progress to standard error.
    Exit codes: 0 good, 1 failed, 2 usage or configuration, 3 verdict Failed, 4 verdict Inconclusive; of several the worst.
    What cannot be written to standard output or error ends nothing: the work goes on, and the exit code is 1 at least.
    Interrupted by Ctrl+C 130, by SIGTERM 143: what was begun is undone, what was complete stays.
    """
)
{
    new NewCommand(),
    new TestCommand(),
    new RestoreCommand(),
    new CopyCommand(),
    new ListCommand(),
    new RemoveCommand(),
    new ProtectCommand(),
    new UnprotectCommand(),
    new ConfigCommand(),
    new NotifyCommand(),
    CommonOptions.Json,
    CommonOptions.Verbose,
};

// Host is -h, as in PostgreSQL's own tools; help is --help.
if (root.Options.OfType<System.CommandLine.Help.HelpOption>().FirstOrDefault() is { } help)
{
    help.Aliases.Clear();
    help.Aliases.Add("-?");
}

// A database may be named @home: no response files.
ParseResult arguments = root.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
if (arguments.Errors.Count > 0)
{
    foreach (ParseError error in arguments.Errors)
    {
        Console.Error.WriteLine(VisibleText.Of($"cryobackup: {error.Message}"));
    }
    Console.Error.WriteLine($"Remedy: {string.Join(' ', ["cryobackup", .. NamesOf(arguments.CommandResult)])} --help lists what it takes.");
    return ExitCode.Usage;
}

DeadRuns.Remove();

// Signals are ours (see Interruption): the library's handling would end the process while the engine still cleans up.
int code = arguments.Invoke(new InvocationConfiguration { ProcessTerminationTimeout = null, EnableDefaultExceptionHandler = false });
return code == ExitCode.Good && StandardStream.HasFailed ? ExitCode.Failed : code;

static IEnumerable<string> NamesOf(CommandResult command) =>
    command.Parent is CommandResult parent ? NamesOf(parent).Append(command.Command.Name) : [];
