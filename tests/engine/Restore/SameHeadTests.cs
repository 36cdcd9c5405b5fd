using CryoBackup.Restore;

namespace CryoBackup.Tests.Restore;

/// <summary>A file that is put in the place of another between the two readings of a restore is noticed, in whatever pieces it comes.</summary>
public sealed class SameHeadTests
{
    private static readonly byte[] Head = [1, 2, 3, 4, 5, 6];

    [Fact]
    public void WhatFollowsMayBeAnything()
    {
        using var passed = new MemoryStream();
        using var same = new SameHead(Head, passed, "a.dump");
        foreach (
            byte[] part in (byte[][])
                [
                    [1],
                    [2, 3, 4],
                    [5, 6, 7],
                    [8],
                ]
        )
        {
            same.Write(part);
        }

        Assert.Equal([1, 2, 3, 4, 5, 6, 7, 8], passed.ToArray());
    }

    [Fact]
    public void EveryByteOfTheHeadIsCompared()
    {
        for (int at = 0; at < Head.Length; at++)
        {
            byte[] other = [.. Head];
            other[at] ^= 1;
            for (int split = 1; split <= Head.Length; split++)
            {
                using var same = new SameHead(Head, null, "a.dump");
                CryoBackupException error = Assert.Throws<CryoBackupException>(() =>
                {
                    same.Write(other.AsSpan(0, split));
                    same.Write(other.AsSpan(split));
                });
                Assert.Equal(CryoBackupError.HashMismatch, error.Error);
            }
        }
    }
}
