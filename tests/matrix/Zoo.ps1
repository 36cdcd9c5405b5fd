# Databases with one of every kind of object that this major version knows: backed up, proven, rehearsed and restored in each way.
BeforeDiscovery {
    . $PSScriptRoot/MatrixSupport.ps1
    $zoos = Get-ZooName $ServerMajor
}

BeforeAll {
    . $PSScriptRoot/MatrixSupport.ps1
}

Describe '<_>' -ForEach $zoos {
    BeforeAll {
        $zoo = $_
        $copy = "$zoo copy"
        Import-Zoo $zoo $zoo
        Clear-ZooDatabase $copy
        $source = Get-DumpText $zoo
        $folder = Join-Path $env:CRYOBACKUP_MATRIX_ARCHIVES $ServerMajor
        $backup = New-CryoBackup $zoo -Path $folder
    }

    AfterAll {
        Clear-ZooDatabase $copy
        Clear-ZooDatabase $zoo
    }

    It 'is backed up without a warning' {
        Get-Warning $backup | Should -BeNullOrEmpty
        $backup.TableCount | Should -BeGreaterThan 0
    }

    It 'passes the test of level <_>' -ForEach 'Content', 'Restore' {
        # The zoo has functions in C.
        $superuser = $_ -eq 'Restore' ? @{ AllowSuperuser = $true } : @{}
        $verified = $backup | Test-CryoBackup -Level $_ @superuser
        $verified.Verdict | Should -Be 'Passed' -Because (Get-Complaint $verified)
    }

    It 'comes back the same with -Create' {
        $restored = $backup | Restore-CryoBackup -TargetDatabase $copy -Create -Force
        $restored.Status | Should -Be 'Restored'
        $restored.Tables.Matches | Should -Not -Contain $false
        Get-DumpText $copy | Should -BeExactly $source
    }

    It 'comes back the same with -Swap' {
        $restored = $backup | Restore-CryoBackup -TargetDatabase $copy -Swap -Force
        Clear-ZooDatabase $restored.PreviousDatabase
        $restored.Status | Should -Be 'Restored'
        Get-DumpText $copy | Should -BeExactly $source
    }

    It 'comes back the same with -Clean' {
        Edit-Schema $copy
        $restored = $backup | Restore-CryoBackup -TargetDatabase $copy -Clean -Force
        $restored.Status | Should -Be 'Restored'
        $restored.Tables.Matches | Should -Not -Contain $false
        Get-DumpText $copy | Should -BeExactly $source
    }

    It 'comes back with two jobs' {
        $restored = $backup | Restore-CryoBackup -TargetDatabase $copy -Swap -Jobs 2 -Force
        Clear-ZooDatabase $restored.PreviousDatabase
        $restored.Status | Should -Be 'Restored'
        Get-DumpText $copy | Should -BeExactly $source
    }
}
