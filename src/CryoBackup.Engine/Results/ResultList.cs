using System.Collections.ObjectModel;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;

namespace CryoBackup;

/// <summary>
/// Several things of a result. It is a list of .NET, which nobody changes, and which PowerShell takes for false where it is empty; its text
/// is that of the things, so that a cell of Export-Csv says what they are.
/// </summary>
/// <typeparam name="T">What they are.</typeparam>
/// <param name="items">The things, which belong to the list from now on.</param>
[CollectionBuilder(typeof(ResultList), nameof(ResultList.Create))]
public sealed class ResultList<T>(IList<T> items) : ReadOnlyCollection<T>(items)
{
    // What a cell of a spreadsheet holds at most is 32,767 characters.
    private const int MostText = 32_000;

    /// <summary>The number of things, by the name that it has of an array.</summary>
    public int Length => Count;

    /// <summary>An array as a list, which it belongs to from now on.</summary>
    /// <param name="items">The things.</param>
    public static implicit operator ResultList<T>(T[] items) => new(items);

    /// <summary>The things with semicolons between them; of very many the first, and how many more there are.</summary>
    public override string ToString()
    {
        StringBuilder text = new();
        for (int i = 0; i < Count; i++)
        {
            string item = this[i]?.ToString() ?? "";
            if (i > 0 && text.Length + item.Length > MostText)
            {
                return text.Append(CultureInfo.InvariantCulture, $"; … and {Count - i} more").ToString();
            }

            text.Append(i > 0 ? "; " : "").Append(item);
        }

        return text.ToString();
    }
}

/// <summary>Makes lists of results.</summary>
public static class ResultList
{
    /// <summary>A list of these things; what C# calls for <c>[a, b]</c>.</summary>
    /// <typeparam name="T">What they are.</typeparam>
    /// <param name="items">The things.</param>
    /// <returns>The list.</returns>
    public static ResultList<T> Create<T>(ReadOnlySpan<T> items) => new(items.ToArray());
}
