# Between major versions: clients newer than this server, and backups of older servers that come here.
BeforeDiscovery {
    . $PSScriptRoot/MatrixSupport.ps1
    $clients = @($env:CRYOBACKUP_MATRIX_CLIENTS -split ' ' | Where-Object { $_ } | ForEach-Object {
            foreach ($zoo in Get-ZooName $ServerMajor) {
                @{ Client = [int] $_; Zoo = $zoo }
            }
        })
    $origins = @($ServerMajor -lt 17 ? @() : 13, 15, 17 | Where-Object { $_ -lt $ServerMajor } | ForEach-Object {
            foreach ($zoo in Get-ZooName $_) {
                @{ Origin = $_; Zoo = $zoo }
            }
        })
}

BeforeAll {
    . $PSScriptRoot/MatrixSupport.ps1
}

Describe 'The client of <Client> with <Zoo>' -ForEach $clients {
    BeforeAll {
        $copy = "$Zoo copy"
        Import-Zoo $Zoo $Zoo
        Clear-ZooDatabase $copy
        $source = Get-DumpText $Zoo
        $backup = Use-Client $Client { New-CryoBackup $Zoo -Path (Join-Path $TestDrive "by $Client") }
    }

    AfterAll {
        Clear-ZooDatabase $copy
        Clear-ZooDatabase $Zoo
    }

    It 'backs it up' {
        (Get-Content -LiteralPath $backup.ManifestPath -Raw | ConvertFrom-Json).client.version | Should -BeLike "$Client.*"
        [int] ($backup.ServerVersion -replace '\..*') | Should -Be $ServerMajor
    }

    It 'proves and rehearses it' {
        $verified = Use-Client $Client { $backup | Test-CryoBackup -Level Restore -AllowSuperuser }
        $verified.Verdict | Should -Be 'Passed' -Because (Get-Complaint $verified)
    }

    It 'restores it onto the server with <_>' -ForEach '-Create', '-Swap', '-Clean' {
        $way = @{ $_.TrimStart('-') = $true }
        if ($_ -eq '-Create') {
            Clear-ZooDatabase $copy
        }
        else {
            Import-Zoo $Zoo $copy
            Edit-Schema $copy
        }

        $restored = Use-Client $Client { $backup | Restore-CryoBackup -TargetDatabase $copy -Force @way }
        if ($restored.PreviousDatabase) {
            Clear-ZooDatabase $restored.PreviousDatabase
        }

        $restored.Status | Should -Be 'Restored'
        $restored.Tables.Matches | Should -Not -Contain $false
        Get-DumpText $copy | Should -BeExactly $source
    }
}

Describe 'A backup of <Zoo> from <Origin>' -ForEach $origins {
    BeforeAll {
        $copy = "$Zoo from $Origin"
        Clear-ZooDatabase $copy
        $backup = Get-CryoBackup (Join-Path $env:CRYOBACKUP_MATRIX_ARCHIVES $Origin) -Database $Zoo -Latest -ErrorAction Ignore
    }

    AfterAll {
        Clear-ZooDatabase $copy
    }

    It 'is rehearsed here' {
        if (-not $backup) {
            Set-ItResult -Skipped -Because "no backup of $Origin is there; run the matrix with $Origin too"
        }

        $verified = $backup | Test-CryoBackup -Level Restore -AllowSuperuser
        $verified.Verdict | Should -Be 'Passed' -Because (Get-Complaint $verified)
    }

    It 'is restored here' {
        if (-not $backup) {
            Set-ItResult -Skipped -Because "no backup of $Origin is there; run the matrix with $Origin too"
        }

        $restored = $backup | Restore-CryoBackup -TargetDatabase $copy -Create -Force
        $restored.Status | Should -Be 'Restored'
        $restored.Tables.Matches | Should -Not -Contain $false
    }
}
