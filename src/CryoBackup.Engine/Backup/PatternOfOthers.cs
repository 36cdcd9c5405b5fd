using System.Text;

namespace CryoBackup.Backup;

/// <summary>
/// A pattern as pg_dump reads it that matches every name but some: where a few objects of very many are wanted, it is much
/// shorter than the names of all others. It is a regular expression in psql's spelling, in which what stands in quotes is taken as it is.
/// </summary>
internal static class PatternOfOthers
{
    /// <summary>Writes it.</summary>
    /// <param name="kept">The names that it does not match.</param>
    public static string Of(IEnumerable<string> kept)
    {
        Rune[][] names = [.. kept.Distinct(StringComparer.Ordinal).Select(name => name.EnumerateRunes().ToArray())];
        if (names.Length == 0)
        {
            return "*";
        }

        var pattern = new StringBuilder();
        Write(names, 0, pattern);
        return pattern.ToString();
    }

    /// <summary>What may follow the letters before, which all these names begin with. None is longer than 63 bytes.</summary>
    private static void Write(Rune[][] names, int at, StringBuilder pattern)
    {
        IGrouping<Rune, Rune[]>[] next = [.. names.Where(name => name.Length > at).GroupBy(name => name[at]).OrderBy(group => group.Key)];
        if (next.Length == 0)
        {
            // A longer name.
            pattern.Append("?*");
            return;
        }

        // A name that ends here, unless one of these does; one that goes on otherwise; one that goes on alike.
        bool ends = names.Length > next.Sum(group => group.Count());
        pattern.Append(ends || at == 0 ? "([^" : "(|[^");
        // First, a hyphen means itself.
        pattern.Append(Quote(next.Select(group => group.Key).OrderBy(letter => letter.Value != '-'))).Append("]*");
        foreach (IGrouping<Rune, Rune[]> group in next)
        {
            pattern.Append('|').Append(Quote([group.Key]));
            Write([.. group], at + 1, pattern);
        }

        pattern.Append(')');
    }

    // In quotes large letters stay large, and what has a meaning means itself.
    private static string Quote(IEnumerable<Rune> letters) =>
        $"\"{string.Concat(letters).Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
}
