using System.IO.Hashing;
using CryoBackup.Postgres;
using Npgsql;

namespace CryoBackup.Comparison;

/// <summary>Fingerprints the large objects of a running database by the same measure as an archive's.</summary>
internal static class LargeObjectReader
{
    private const int ChunkSize = 1 << 20;
    private const int SmallSize = 1 << 16;

    /// <summary>Reads all of them.</summary>
    /// <param name="connection">A connection to the database.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <returns>Their number and the sum of their fingerprints.</returns>
    public static async Task<(long Count, UInt128 Fingerprint)> ReadAllAsync(
        NpgsqlConnection connection,
        CancellationToken cancellationToken
    )
    {
        // One question for all: a database may have hundreds of thousands of small ones.
        UInt128 sum = 0;
        long count = 0;
        var longer = new List<uint>();
        await connection
            .ReadAsync(
                "SELECT oid, pg_catalog.lo_get(oid, 0, $1) FROM pg_catalog.pg_largeobject_metadata",
                row =>
                {
                    uint oid = row.GetFieldValue<uint>(0);
                    byte[] start = row.GetFieldValue<byte[]>(1);
                    count++;
                    if (start.Length < SmallSize)
                    {
                        sum += XxHash128.HashToUInt128(start, oid);
                    }
                    else
                    {
                        longer.Add(oid);
                    }
                },
                cancellationToken,
                SmallSize
            )
            .ConfigureAwait(false);
        return (count, sum + await ReadLongerAsync(connection, longer, cancellationToken).ConfigureAwait(false));
    }

    private static async Task<UInt128> ReadLongerAsync(NpgsqlConnection connection, List<uint> oids, CancellationToken cancellationToken)
    {
        UInt128 sum = 0;

        // Prepared once, and asked for each piece: the only command that Sql does not make.
        await using var read = new NpgsqlCommand("SELECT pg_catalog.lo_get($1, $2, $3)", connection);
        var oid = new NpgsqlParameter<uint> { NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Oid };
        var offset = new NpgsqlParameter<long>();
        read.Parameters.Add(oid);
        read.Parameters.Add(offset);
        read.Parameters.Add(new NpgsqlParameter<int> { TypedValue = ChunkSize });
        await read.PrepareAsync(cancellationToken).ConfigureAwait(false);
        foreach (uint each in oids)
        {
            var hash = new XxHash128(each);
            oid.TypedValue = each;
            offset.TypedValue = 0;
            while (await read.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false) is byte[] { Length: > 0 } chunk)
            {
                hash.Append(chunk);
                offset.TypedValue += chunk.Length;
                if (chunk.Length < ChunkSize)
                {
                    break;
                }
            }

            sum += hash.GetCurrentHashAsUInt128();
        }

        return sum;
    }
}
