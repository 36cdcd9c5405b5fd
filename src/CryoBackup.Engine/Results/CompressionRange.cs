namespace CryoBackup;

/// <summary>The levels of compression, of each kind that has any.</summary>
public static class CompressionRange
{
    /// <summary>The fastest level.</summary>
    public const int Fastest = 1;

    /// <summary>The level of the smallest files.</summary>
    public const int Smallest = 9;

    /// <summary>The range in words.</summary>
    public const string InWords = "1 (fast) to 9 (small)";
}
