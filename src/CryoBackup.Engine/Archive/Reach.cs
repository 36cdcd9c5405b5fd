namespace CryoBackup.Archive;

/// <summary>How far something reaches through a table of contents, in time that is proportional to its length,
/// however it is ordered.</summary>
internal static class Reach
{
    /// <summary>Adds to a set whatever its members lead to, by way of others too.</summary>
    /// <param name="reached">Dump IDs; takes the others.</param>
    /// <param name="next">What a dump ID leads to.</param>
    public static void Extend(HashSet<int> reached, ILookup<int, int> next)
    {
        var pending = new Stack<int>(reached);
        while (pending.TryPop(out int id))
        {
            foreach (int other in next[id].Where(reached.Add))
            {
                pending.Push(other);
            }
        }
    }
}
