namespace CryoBackup.Tests.Inspection;

/// <summary>A verification at level Content needs no server and no program.</summary>
[Collection("postgres")]
public sealed class LonelyVerificationTests(PostgresServer server) : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [PostgresTheory]
    [InlineData(CompressionKind.Gzip, false)]
    [InlineData(CompressionKind.Gzip, true)]
    [InlineData(CompressionKind.Zstd, false)]
    [InlineData(CompressionKind.Zstd, true)]
    [InlineData(CompressionKind.None, false)]
    [InlineData(CompressionKind.None, true)]
    public void GivesTheSameVerdict(CompressionKind compression, bool damaged)
    {
        string path = SmallBackup.Make(server, _folder.Path, compression).Path;
        if (damaged)
        {
            byte[] bytes = File.ReadAllBytes(path);
            bytes[^30] ^= 1;
            File.WriteAllBytes(path, bytes);
        }

        LonelyVerifier.Answer here = LonelyVerifier.Answer.From(VerifyAssert.Run(path)),
            there = LonelyVerifier.Verify(path);
        Assert.Equal(damaged ? "Failed" : "Passed", there.Verdict);
        Assert.Equal(here with { Assemblies = [] }, there with { Assemblies = [] }, new SameAnswer());

        // What connects to servers and what starts programs was not even loaded.
        Assert.Contains("CryoBackup.Engine", there.Assemblies);
        Assert.Empty(there.Assemblies.Intersect(["Npgsql", "System.Net.Sockets", "System.Diagnostics.Process", "System.Net.Http"]));
    }

    private sealed class SameAnswer : IEqualityComparer<LonelyVerifier.Answer>
    {
        public bool Equals(LonelyVerifier.Answer? x, LonelyVerifier.Answer? y) =>
            x!.Verdict == y!.Verdict && x.Reason == y.Reason && x.Checks.SequenceEqual(y.Checks) && x.Tables.SequenceEqual(y.Tables);

        public int GetHashCode(LonelyVerifier.Answer answer) => answer.Verdict.GetHashCode(StringComparison.Ordinal);
    }
}
