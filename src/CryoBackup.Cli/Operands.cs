using System.CommandLine;
using System.CommandLine.Parsing;

namespace CryoBackup.Cli;

/// <summary>What a command works on: given by position, or by the option of the same name, as a cmdlet's first parameter is.</summary>
internal sealed class Operands
{
    private readonly Argument<string[]> _argument;
    private readonly Option<string[]> _option;

    public Operands(string name, string description, params string[] aliases)
    {
        _argument = new Argument<string[]>(name) { Description = description, Arity = ArgumentArity.ZeroOrMore };
        _option = new Option<string[]>($"--{name}", aliases) { Description = "The same, as an option", HelpName = name };
    }

    public void AddTo(Command command)
    {
        command.Add(_argument);
        command.Add(_option);
    }

    public string[] Read(ParseResult arguments) => [.. arguments.GetValue(_argument) ?? [], .. arguments.GetValue(_option) ?? []];

    public int Count(SymbolResult command) => (command.GetValue(_argument)?.Length ?? 0) + (command.GetValue(_option)?.Length ?? 0);
}
