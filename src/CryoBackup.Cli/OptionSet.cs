using System.CommandLine;

namespace CryoBackup.Cli;

/// <summary>Options of a command, each with what it says of the request: an option stands in one place.</summary>
/// <typeparam name="T">The request, or what was said of it.</typeparam>
internal sealed class OptionSet<T>
{
    private readonly List<(Option Option, Func<T, ParseResult, T> Lay)> _options = [];

    /// <summary>Takes an option.</summary>
    /// <param name="option">The option.</param>
    /// <param name="lay">Lays its value over the request; called only where the option is given.</param>
    public OptionSet<T> Add<TValue>(Option<TValue> option, Func<T, TValue, T> lay)
    {
        _options.Add((option, (request, arguments) => lay(request, arguments.GetValue(option)!)));
        return this;
    }

    public void AddTo(Command command)
    {
        foreach ((Option option, _) in _options)
        {
            command.Add(option);
        }
    }

    /// <summary>Lays what the command line says over a request.</summary>
    public T Read(ParseResult arguments, T request) =>
        _options
            .Where(pair => arguments.GetResult(pair.Option) is { Implicit: false })
            .Aggregate(request, (laid, pair) => pair.Lay(laid, arguments));
}
