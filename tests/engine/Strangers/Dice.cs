namespace CryoBackup.Tests.Strangers;

/// <summary>Chance that a seed decides: the same in every run, on every machine.</summary>
internal sealed class Dice(int seed)
{
    private readonly Random _random = new(seed);

    /// <summary>A number from <paramref name="least"/> to <paramref name="most"/>, both possible.</summary>
    public int Next(int least, int most) => _random.Next(least, most + 1);

    /// <summary>True in so many cases of a hundred.</summary>
    public bool Chance(int percent) => _random.Next(100) < percent;

    public T Pick<T>(IReadOnlyList<T> from) => from[_random.Next(from.Count)];

    /// <summary>Some of many, in their order.</summary>
    public IReadOnlyList<T> Some<T>(IReadOnlyList<T> from, int count)
    {
        int[] places = [.. Enumerable.Range(0, from.Count)];
        _random.Shuffle(places);
        return [.. places.Take(count).Order().Select(place => from[place])];
    }

    /// <summary>Does something so many times.</summary>
    public void Times(int least, int most, Action work)
    {
        for (int left = Next(least, most); left > 0; left--)
        {
            work();
        }
    }

    /// <summary>The word, or nothing.</summary>
    public string Maybe(int percent, string word) => Chance(percent) ? word : "";
}
